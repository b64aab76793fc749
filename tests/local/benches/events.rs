//! `cargo bench -p local --bench events`: measures the time from a write until a webhook's receiver has the event.
//! Times include the emulators.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use local::costs::{cpu_time_of_process, send_json_request};
use local::large_teams::fill_team;
use local::{LocalStack, StackOptions, TokenIdentity};
use serde_json::{Value, json};
use shared::api::{JsonBody, RequestBody as _};
use shared::domain::{Actor, SigningSecret, User, WebhookInput};
use shared::store::{StoredResponse, Table, WebhookStore};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Number of writes, one after another, whose time until delivery is measured.
const TIMED_WRITES: usize = 200;
/// Number of events that publisher and sender process in the measurement of throughput.
const THROUGHPUT_EVENTS: u64 = 2_000;
/// Number of webhooks whose endpoints accept connections and never answer. In
/// [`latency_with_silent_webhooks_in_the_team`], only every second webhook is silent.
const SILENT_ENDPOINTS: u64 = 20;
/// Number of comments written while some webhooks never answer, at eight comments a second.
const CHANGES_BESIDE_SILENT: usize = 160;
const CHANGE_INTERVAL: Duration = Duration::from_millis(125);

#[derive(Default)]
struct ReceiverState {
    count: AtomicU64,
    last: Mutex<Option<Instant>>,
    arrived: Notify,
    /// Received events of comments: the number in the comment's text, and the time of receipt.
    comments: Mutex<Vec<(usize, Instant)>>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let received = Arc::new(ReceiverState::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let service = Router::new().fallback(receive_delivery).with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, service).await });
    measure_latency(&url, &received).await?;
    measure_throughput(&url, &received).await?;
    println!("\n| Told beside endpoints that never answer, ms | p50 | p95 | p99 |\n|---|--:|--:|--:|");
    latency_with_silent_webhooks_of_another_team(&url, &received).await?;
    latency_with_silent_webhooks_in_the_team(&url, &received).await
}

async fn receive_delivery(State(received): State<Arc<ReceiverState>>, uri: Uri, body: Bytes) -> StatusCode {
    if uri.path() == "/silent" {
        std::future::pending::<()>().await;
    }
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let comment = event["comment"]["content"].as_str().and_then(|content| content.parse().ok());
    if let (Some(comment), Ok(mut comments)) = (comment, received.comments.lock()) {
        comments.push((comment, Instant::now()));
    }
    received.count.fetch_add(1, Ordering::Relaxed);
    if let Ok(mut last) = received.last.lock() {
        *last = Some(Instant::now());
    }
    received.arrived.notify_one();
    StatusCode::NO_CONTENT
}

fn options() -> StackOptions {
    StackOptions { events: true, webhook_networks: "127.0.0.0/8".into(), ..StackOptions::default() }
}

/// Adds a webhook through the store instead of the gateway, before the stack reads the stream.
async fn add_webhook_directly(stack: &LocalStack, team: &str, url: &str) -> Result<()> {
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    let team = team.parse().map_err(|()| anyhow::anyhow!("not a team's id"))?;
    let actor = Actor { team, user, agent: None, at: jiff::Timestamp::now().into() };
    let input = WebhookInput::read_body(JsonBody { value: json!({ "url": url }), errors: &mut Vec::new() });
    let table = WebhookStore::from(Table::new(stack.dynamodb_client(), &stack.table));
    let (input, secret) = (input.context("not a webhook")?, SigningSecret::new([7; 32]));
    table.add_webhook(&actor, &input, secret, None, |_, _| StoredResponse::ok(Value::Null)).await.map(drop)?;
    Ok(())
}

fn token(stack: &LocalStack, team: &str) -> Result<String> {
    stack
        .gateway()
        .token_issuer()
        .sign_token(&TokenIdentity { team: team.into(), ..TokenIdentity::demo_member("Owner") })
}

/// Measures the time from the API's answer to a write until the webhook's receiver has the event.
async fn measure_latency(url: &str, received: &ReceiverState) -> Result<()> {
    let mut stack = LocalStack::start_stack(options()).await?;
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", 1, |_| 0).await?;
    let token = token(&stack, "bench")?;
    let gateway = stack.gateway().clone();
    add_webhook_directly(&stack, "bench", url).await?;
    let running = tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    // Leaves time for the delivery of the event that the lead's own creation causes.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut took = Vec::new();
    let mut random = fastrand::Rng::with_seed(1);
    for n in 0..TIMED_WRITES {
        let before = received.count.load(Ordering::Relaxed);
        let comment = json!({ "content": format!("This is comment {n}.") });
        send_json_request(&gateway, &token, "POST", "/leads/comments/1", &comment).await?;
        let answered = Instant::now();
        while received.count.load(Ordering::Relaxed) == before {
            received.arrived.notified().await;
        }
        let arrived = received.last.lock().ok().and_then(|last| *last).context("nothing arrived")?;
        took.push(arrived.saturating_duration_since(answered));
        // A random pause keeps the writes from coinciding with the polling of the stream.
        tokio::time::sleep(Duration::from_millis(random.u64(..150))).await;
    }
    running.abort();
    took.sort_unstable();
    println!("| From commit to receiver, ms | p50 | p99 |\n|---|--:|--:|");
    let millis = |at: usize| took[at].as_secs_f64() * 1000.0;
    println!("| one after another | {:.0} | {:.0} |", millis(TIMED_WRITES / 2), millis(TIMED_WRITES * 99 / 100));
    Ok(())
}

/// Measures the processor time of publisher and sender for each event. The bench invokes both functions directly,
/// without polling the stream and the queue.
async fn measure_throughput(url: &str, received: &ReceiverState) -> Result<()> {
    let stack = LocalStack::start_stack(StackOptions { events: false, ..options() }).await?;
    eprintln!("loading {THROUGHPUT_EVENTS} leads ...");
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", THROUGHPUT_EVENTS, |n| n % 60).await?;
    add_webhook_directly(&stack, "bench", url).await?;
    let records = stream_records_of_log(&stack).await?;
    let now = || shared::domain::Timestamp::from(jiff::Timestamp::now());
    println!(
        "\n| Events of one team, to one webhook | a second of one core | processor time each, ms |\n|---|--:|--:|"
    );
    let report = |what: &str, used: Duration, count: u64| {
        let each = used.as_secs_f64() / count as f64;
        println!("| {what} | {:.0} | {:.2} |", 1.0 / each, each * 1000.0);
    };
    let before = cpu_time_of_process()?;
    for batch in records.chunks(100) {
        let answer =
            stack.gateway().invoke_by_event_source("PublisherFunction", json!({ "Records": batch }), now()).await?;
        ensure!(answer == json!({ "batchItemFailures": [] }), "{answer}");
    }
    report("publisher, batches of 100", cpu_time_of_process()? - before, THROUGHPUT_EVENTS);
    let messages = stack.queues.message_bodies("DeliveriesQueue");
    let (before, told) = (cpu_time_of_process()?, received.count.load(Ordering::Relaxed));
    for batch in messages.chunks(10) {
        let message = |(n, body)| json!({ "messageId": n, "receiptHandle": "none", "body": body });
        let named = batch.iter().enumerate().map(|(n, body)| message((n.to_string(), body)));
        let event = json!({ "Records": named.collect::<Vec<_>>() });
        let answer = stack.gateway().invoke_by_event_source("SenderFunction", event, now()).await?;
        ensure!(answer == json!({ "batchItemFailures": [] }), "{answer}");
    }
    report("sender, batches of 10", cpu_time_of_process()? - before, THROUGHPUT_EVENTS);
    ensure!(received.count.load(Ordering::Relaxed) - told == THROUGHPUT_EVENTS, "a delivery is missing");
    Ok(())
}

/// Measures the latency of a team's healthy webhook while another team imports 100 leads. All twenty webhooks of the
/// other team never answer.
async fn latency_with_silent_webhooks_of_another_team(url: &str, received: &ReceiverState) -> Result<()> {
    let mut stack = LocalStack::start_stack(options()).await?;
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", 1, |_| 0).await?;
    add_webhook_directly(&stack, "bench", url).await?;
    for _ in 0..SILENT_ENDPOINTS {
        add_webhook_directly(&stack, "silent", &format!("{url}silent")).await?;
    }
    let (token, importer) = (token(&stack, "bench")?, self::token(&stack, "silent")?);
    let gateway = stack.gateway().clone();
    let running = tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    let rows: Vec<Value> = (0..100).map(|n| json!({ "email": format!("a{n}@example.com") })).collect();
    send_json_request(&gateway, &importer, "POST", "/leads/batch", &json!({ "mode": "create", "leads": rows })).await?;
    print_delivery_latency("by another team's healthy one", &gateway, &token, 1, received).await?;
    running.abort();
    Ok(())
}

/// Measures the latency of a team's ten healthy webhooks. The other ten webhooks of the team never answer.
async fn latency_with_silent_webhooks_in_the_team(url: &str, received: &ReceiverState) -> Result<()> {
    let mut stack = LocalStack::start_stack(options()).await?;
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", 1, |_| 0).await?;
    for n in 0..SILENT_ENDPOINTS {
        let path = if n % 2 == 0 { "silent" } else { "" };
        add_webhook_directly(&stack, "bench", &format!("{url}{path}")).await?;
    }
    let (token, gateway) = (token(&stack, "bench")?, stack.gateway().clone());
    let running = tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    print_delivery_latency("by ten healthy ones of the same team", &gateway, &token, 10, received).await?;
    running.abort();
    Ok(())
}

/// Writes comments at a fixed rate, and prints the 50th, 95th and 99th percentile of the time until healthy webhooks
/// receive the events.
async fn print_delivery_latency(
    what: &str,
    gateway: &local::Gateway,
    token: &str,
    healthy: usize,
    received: &ReceiverState,
) -> Result<()> {
    let seen = || received.comments.lock().map(|comments| comments.len()).unwrap_or_default();
    if let Ok(mut comments) = received.comments.lock() {
        comments.clear();
    }
    let mut asked = Vec::new();
    let mut interval = tokio::time::interval(CHANGE_INTERVAL);
    for n in 0..CHANGES_BESIDE_SILENT {
        interval.tick().await;
        asked.push(Instant::now());
        send_json_request(gateway, token, "POST", "/leads/comments/1", &json!({ "content": n.to_string() })).await?;
    }
    while seen() < CHANGES_BESIDE_SILENT * healthy {
        received.arrived.notified().await;
    }
    let comments = received.comments.lock().map(|comments| comments.clone()).unwrap_or_default();
    let mut late: Vec<Duration> = comments.iter().map(|(n, at)| at.saturating_duration_since(asked[*n])).collect();
    late.sort_unstable();
    let millis = |percent: usize| late[late.len() * percent / 100].as_secs_f64() * 1000.0;
    println!("| {what} | {:.0} | {:.0} | {:.0} |", millis(50), millis(95), millis(99));
    Ok(())
}

/// Builds a stream record for each log entry in the table.
async fn stream_records_of_log(stack: &LocalStack) -> Result<Vec<Value>> {
    let client = stack.dynamodb_client();
    let mut items = client.scan().table_name(&stack.table).limit(1000).into_paginator().items().send();
    let mut records = Vec::new();
    while let Some(item) = items.next().await {
        let image: serde_dynamo::Item = item?.into();
        let image = json!(image);
        if image["SK"]["S"].as_str().is_some_and(|key| key.starts_with("LOG#")) {
            records.push(json!({ "dynamodb": {
                "ApproximateCreationDateTime": jiff::Timestamp::now().as_second(),
                "Keys": { "PK": image["PK"], "SK": image["SK"] },
                "NewImage": image,
                "SequenceNumber": records.len().to_string(),
            } }));
        }
    }
    Ok(records)
}
