//! `cargo bench -p local --bench contention`: measures throughput and latency of concurrent writes of one team. The
//! emulated DynamoDB lets each transaction hold its items for 6 to 14 ms and refuses conflicting transactions, as AWS
//! does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::body::Bytes;
use axum::http::Request;
use futures_util::{StreamExt as _, stream};
use local::large_teams::{example_lead_fields, fill_team};
use local::{FaultInjector, FaultRates, Gateway, LocalStack, StackOptions, TokenIdentity};
// Linking mimalloc replaces the allocator. Half of this process's time is allocation by the emulators.
use mimalloc as _;
use serde_json::{Value, json};

/// Number of leads that the team has at first, created over 30 days.
const LEADS: u64 = 3_000;

/// Latencies of the requests of one table row, and the numbers of conflicts (409) and other failures.
#[derive(Default)]
struct RowFigures {
    took: Vec<Duration>,
    conflicts: usize,
    failures: usize,
}

struct Bench {
    gateway: Arc<Gateway>,
    faults: FaultInjector,
    token: String,
}

impl Bench {
    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Duration) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.header("content-type", "application/json").body(Bytes::from(body.to_string()));
        let began = Instant::now();
        let status = match request {
            Ok(request) => self.gateway.answer_request(request).await.status().as_u16(),
            Err(_) => 0,
        };
        (status, began.elapsed())
    }

    /// Sends requests, `at_once` of them concurrently, and prints a row of the result table.
    async fn print_row(&self, name: &str, at_once: usize, requests: Vec<(&'static str, String, Value)>) {
        self.print_row_by_lead(name, at_once, 1, requests).await;
    }

    /// Sends requests that write `each` leads, and prints a row of the result table with leads a second instead of
    /// requests a second.
    async fn print_row_by_lead(
        &self,
        name: &str,
        at_once: usize,
        each: usize,
        requests: Vec<(&'static str, String, Value)>,
    ) {
        let began = Instant::now();
        let (n, before) = (requests.len(), self.faults.simulated_transaction_count());
        let sent = requests.iter().map(|(method, path, body)| self.send(method, path, body));
        let mut sent = stream::iter(sent).buffer_unordered(at_once);
        let mut outcome = RowFigures::default();
        while let Some((status, took)) = sent.next().await {
            outcome.took.push(took);
            outcome.conflicts += usize::from(status == 409);
            outcome.failures += usize::from(!(200..300).contains(&status) && status != 409);
        }
        outcome.took.sort_unstable();
        let at = |share: usize| outcome.took[(n - 1) * share / 100].as_millis();
        let rate = (n * each) as f64 / began.elapsed().as_secs_f64();
        let tries = (self.faults.simulated_transaction_count() - before) as f64 / n as f64;
        println!(
            "| {name} | {at_once} | {rate:.0} | {} | {} | {tries:.1} | {} | {} |",
            at(50),
            at(99),
            outcome.conflicts,
            outcome.failures
        );
    }
}

fn create_requests(first: u64, n: u64) -> Vec<(&'static str, String, Value)> {
    (first..first + n).map(|n| ("POST", "/leads".to_owned(), example_lead_fields(1_000_000 + n))).collect()
}

fn batch_requests(first: u64, n: u64) -> Vec<(&'static str, String, Value)> {
    let rows = |n: u64| (0..100).map(|row| example_lead_fields(2_000_000 + 100 * n + row)).collect::<Vec<_>>();
    let body = |n: u64| json!({ "mode": "create", "leads": rows(n) });
    (first..first + n).map(|n| ("POST", "/leads/batch".to_owned(), body(n))).collect()
}

fn comment_requests(n: u64) -> Vec<(&'static str, String, Value)> {
    let comment = |n| ("POST", "/leads/comments/1".to_owned(), json!({ "content": format!("{n}") }));
    (0..n).map(comment).collect()
}

/// Creates `n` bulk requests, each for `leads_each` other leads.
fn bulk_requests(n: u64, leads_each: u64, path: &str) -> Vec<(&'static str, String, Value)> {
    let ids = |n: u64| (n * leads_each + 1..=(n + 1) * leads_each).collect::<Vec<_>>();
    (0..n).map(|n| ("PATCH", path.to_owned(), json!({ "ids": ids(n) }))).collect()
}

/// Sixteen threads, because the emulated DynamoDB blocks the thread on which it answers a request.
#[tokio::main(worker_threads = 16)]
async fn main() -> Result<()> {
    eprintln!("filling a team with {LEADS} leads ...");
    let mut stack = LocalStack::start_stack(StackOptions { inject_faults: true, ..StackOptions::default() }).await?;
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", LEADS, |n| n % 30).await?;
    let faults = stack.fault_injectors.clone().context("no fault injectors")?.0;
    let gateway = stack.gateway().clone();
    let token = gateway
        .token_issuer()
        .sign_token(&TokenIdentity { team: "bench".into(), ..TokenIdentity::demo_member("Owner") })?;
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    faults.simulate_load(FaultRates::CONFLICTS_ONLY);
    let bench = Bench { gateway, faults, token };
    println!(
        "| Writes of one team | At once | A second | p50 ms | p99 ms | Transactions each | 409 | Other failures |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut first = 0;
    for (at_once, n) in [(1, 50), (4, 200), (16, 400), (64, 800), (128, 1_000)] {
        bench.print_row("POST /leads", at_once, create_requests(first, n)).await;
        first += n;
    }
    let mut of_batches = 0;
    for (at_once, n) in [(1, 5), (4, 20), (16, 48)] {
        bench.print_row_by_lead("POST /leads/batch of 100, leads", at_once, 100, batch_requests(of_batches, n)).await;
        of_batches += n;
    }
    for (at_once, n) in [(1, 50), (16, 200), (64, 400), (128, 600)] {
        bench.print_row("POST /leads/comments/{id}, one lead", at_once, comment_requests(n)).await;
    }
    for (at_once, path) in
        [(1, "/leads/archive"), (16, "/leads/restore"), (64, "/leads/archive"), (128, "/leads/restore")]
    {
        bench.print_row("PATCH archive, restore of 20", at_once, bulk_requests(128, 20, path)).await;
    }
    for (at_once, path) in [(1, "/leads/archive"), (4, "/leads/restore"), (16, "/leads/archive")] {
        bench.print_row("PATCH archive, restore of 100", at_once, bulk_requests(16, 100, path)).await;
    }
    // Sends bulk requests while other requests create leads at a fixed rate.
    let bench = Arc::new(bench);
    for (rate, path) in [(100, "/leads/restore"), (150, "/leads/archive")] {
        let statuses = Arc::new(Mutex::new(BTreeMap::<u16, u32>::new()));
        let beside = tokio::spawn({
            let (bench, statuses) = (Arc::clone(&bench), Arc::clone(&statuses));
            async move {
                let mut pace = tokio::time::interval(Duration::from_secs(1) / rate);
                for (method, path, body) in create_requests(first, 100_000) {
                    pace.tick().await;
                    let (bench, statuses) = (Arc::clone(&bench), Arc::clone(&statuses));
                    tokio::spawn(async move {
                        let (status, _) = bench.send(method, &path, &body).await;
                        *statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_insert(0) += 1;
                    });
                }
            }
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        let name = format!("PATCH archive, restore of 100, beside {rate} creates a second");
        bench.print_row(&name, 16, bulk_requests(16, 100, path)).await;
        beside.abort();
        first += 10_000;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let statuses = statuses.lock().unwrap_or_else(PoisonError::into_inner);
        println!("\nThe creates beside were answered {statuses:?}.\n");
    }
    Ok(())
}
