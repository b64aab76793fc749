//! `cargo bench -p local --bench events`: from a write to its receiver, and how many events a core takes from the stream to their
//! receiver, emulators and receiver included. Times compare within one run.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use local::costs::send;
use local::teams::fill;
use local::{Gateway, Identity, Options, Progress, Stack};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Writes whose way is timed.
const TIMED: usize = 200;
/// Events that go through together.
const EVENTS: u64 = 2_000;
/// What the kernel counts processor time in.
const TICKS_PER_SECOND: u64 = 100;

#[derive(Default)]
struct Received {
    count: AtomicU64,
    last: Mutex<Option<Instant>>,
    arrived: Notify,
}

/// One thread does everything, so that what is measured is one core's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let received = Arc::new(Received::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let service = Router::new().fallback(receive).with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, service).await });
    latency(&url, &received).await?;
    throughput(&url, &received).await
}

async fn receive(State(received): State<Arc<Received>>, _: Bytes) -> StatusCode {
    received.count.fetch_add(1, Ordering::Relaxed);
    if let Ok(mut last) = received.last.lock() {
        *last = Some(Instant::now());
    }
    received.arrived.notify_one();
    StatusCode::NO_CONTENT
}

fn options() -> Options {
    Options { events: true, webhook_networks: "127.0.0.0/8".into(), ..Options::default() }
}

async fn hook(gateway: &Gateway, token: &str, url: &str) -> Result<()> {
    send(gateway, token, "POST", "/webhooks", &json!({ "url": url })).await.map(drop)
}

fn token(stack: &Stack) -> Result<String> {
    stack.gateway().issuer().token(&Identity { team: "bench".into(), ..Identity::demo("Owner") })
}

/// From the answer to a write until its event is there.
async fn latency(url: &str, received: &Received) -> Result<()> {
    let mut stack = Stack::start(options()).await?;
    fill(&stack.dynamodb_client(), &stack.table, "bench", 1, |_| 0).await?;
    let token = token(&stack)?;
    let gateway = stack.gateway().clone();
    let running = tokio::spawn(async move { stack.serve(std::future::pending()).await });
    hook(&gateway, &token, url).await?;
    // The lead's own event may be on its way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut took = Vec::new();
    let mut random = fastrand::Rng::with_seed(1);
    for n in 0..TIMED {
        let before = received.count.load(Ordering::Relaxed);
        let comment = json!({ "content": format!("This is comment {n}.") });
        send(&gateway, &token, "POST", "/leads/comments/1", &comment).await?;
        let answered = Instant::now();
        while received.count.load(Ordering::Relaxed) == before {
            received.arrived.notified().await;
        }
        let arrived = received.last.lock().ok().and_then(|last| *last).context("nothing arrived")?;
        took.push(arrived.saturating_duration_since(answered));
        // At no moment in particular of whatever polls.
        tokio::time::sleep(Duration::from_millis(random.u64(..150))).await;
    }
    running.abort();
    took.sort_unstable();
    println!("| From commit to receiver, ms | p50 | p99 |\n|---|--:|--:|");
    let millis = |at: usize| took[at].as_secs_f64() * 1000.0;
    println!("| one after another | {:.0} | {:.0} |", millis(TIMED / 2), millis(TIMED * 99 / 100));
    Ok(())
}

/// Events that wait in the stream, through publisher and sender.
async fn throughput(url: &str, received: &Received) -> Result<()> {
    let mut stack = Stack::start(options()).await?;
    let token = token(&stack)?;
    let gateway = stack.gateway().clone();
    let (dynamodb, table) = (stack.dynamodb_client(), stack.table.clone());
    // Written to a stream that nobody reads yet.
    eprintln!("loading {EVENTS} leads ...");
    fill(&dynamodb, &table, "bench", EVENTS, |_| 0).await?;
    let before = received.count.load(Ordering::Relaxed);
    let (began, used) = (Instant::now(), cpu()?);
    tokio::spawn(async move { stack.serve(std::future::pending()).await });
    hook(&gateway, &token, url).await?;
    let progress = Progress::new("events", EVENTS);
    let told = || received.count.load(Ordering::Relaxed) - before;
    while told() < EVENTS {
        progress.reached(told());
        received.arrived.notified().await;
    }
    progress.reached(EVENTS);
    let (took, cpu) = (began.elapsed(), cpu()? - used);
    let page: Value = send(&gateway, &token, "GET", "/events?limit=100", &Value::Null).await?;
    println!("\n| Events of one team, to one webhook | a second | processor time each, ms |\n|---|--:|--:|");
    let each = cpu.as_secs_f64() * 1000.0 / EVENTS as f64;
    println!("| {EVENTS} that wait in the stream | {:.0} | {each:.2} |", EVENTS as f64 / took.as_secs_f64());
    anyhow::ensure!(page["events"].as_array().is_some_and(|events| events.len() == 100), "a feed");
    Ok(())
}

/// Processor time of this process so far.
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn cpu() -> Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).context("not a number");
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS_PER_SECOND))
}
