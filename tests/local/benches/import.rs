//! `cargo bench -p local --bench import [-- ROWS]`: imports a CSV file of ROWS leads (250,000 by default) through `POST
//! /leads/batch`, and checks that each row has become exactly one lead, also after an interruption.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::http::Request;
use csv::{Reader, StringRecord, Writer};
use futures_util::{StreamExt as _, stream};
use local::{Gateway, LocalStack, ProgressBar, StackOptions, TokenIdentity};
use mimalloc as _;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Number of CSV rows in one request.
const ROWS_PER_REQUEST: usize = 100;
/// Maximum number of concurrent requests.
const MAX_CONCURRENT_REQUESTS: usize = 4;
/// Maximum number of tries of one request.
const MAX_TRIES: u32 = 5;

/// Sends requests with a token to the gateway.
#[derive(Clone)]
struct Client {
    gateway: Arc<Gateway>,
    token: String,
}

/// Numbers of created and failed rows.
#[derive(Default)]
struct RowCounts {
    created: u64,
    failed: u64,
}

impl Client {
    async fn send(&self, method: &str, path: &str, key: &str, body: String) -> Result<(u16, Value)> {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.header("content-type", "application/json").header("idempotency-key", key);
        let answer = self.gateway.answer_request(request.body(Bytes::from(body))?).await;
        Ok((answer.status().as_u16(), serde_json::from_slice(answer.body())?))
    }

    /// Sends a chunk of rows until the API has created every row, at most [`MAX_TRIES`] times.
    async fn import_chunk(&self, chunk: usize, rows: Vec<Value>) -> Result<RowCounts> {
        let body = json!({ "mode": "create", "format": "csv", "leads": rows }).to_string();
        for _ in 0..MAX_TRIES {
            let (status, answer) = self.send("POST", "/leads/batch", &format!("import-{chunk}"), body.clone()).await?;
            let count = |name: &str| answer[name].as_u64().unwrap_or_default();
            if status == 200 && count("failed") == 0 {
                return Ok(RowCounts { created: count("created"), failed: 0 });
            }
            ensure!(status == 200 || status == 503 || status == 409, "{status}: {answer}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(RowCounts { created: 0, failed: rows.len() as u64 })
    }
}

/// Writes a CSV file of invented leads, as another system would export them.
fn write_csv(path: &std::path::Path, rows: u64) -> Result<()> {
    let mut file = Writer::from_path(path)?;
    file.write_record(["firstName", "lastName", "email", "phoneNumber", "company", "source", "statusId"])?;
    for n in 0..rows {
        let mut random = fastrand::Rng::with_seed(n);
        let syllables = ["ber", "lan", "mor", "tes", "vik", "ros", "hal", "den", "kov", "ari", "sen", "mül"];
        let mut word = || random.choice(syllables).unwrap_or("").to_owned() + random.choice(syllables).unwrap_or("");
        let (first, last, company) = (word(), word(), word());
        let (email, phone) =
            (format!("{first}.{last}{n}@example.com"), format!("'+1 (555) {:03}-{:04}", n / 10_000, n % 10_000));
        file.write_record([&first, &last, &email, &phone, &company, "Import", &(n % 4 + 1).to_string()])?;
    }
    Ok(file.flush()?)
}

/// Reads the CSV file in chunks of 100 rows. Each row becomes a JSON object with the column names as keys.
fn read_csv_chunks(path: &std::path::Path) -> Result<impl Iterator<Item = Result<Vec<Value>>>> {
    let mut file: Reader<File> = Reader::from_path(path)?;
    let columns = file.headers()?.clone();
    let row = move |record: StringRecord| -> Value {
        let cells = columns.iter().zip(&record).map(|(column, cell)| (column.to_owned(), json!(cell)));
        Value::Object(cells.collect::<Map<_, _>>())
    };
    let mut records = file.into_records();
    Ok(std::iter::from_fn(move || {
        let rows: Result<Vec<Value>, _> =
            records.by_ref().take(ROWS_PER_REQUEST).map(|record| record.map(&row)).collect();
        match rows {
            Ok(rows) => (!rows.is_empty()).then_some(Ok(rows)),
            Err(error) => Some(Err(error.into())),
        }
    }))
}

/// Sends the first `most` chunks of the file to the API, and returns the numbers of created and failed rows.
async fn import_file(
    client: &Client,
    path: &std::path::Path,
    progress: &ProgressBar,
    most: usize,
) -> Result<RowCounts> {
    let sent = read_csv_chunks(path)?.take(most).enumerate().map(|(n, rows)| {
        let client = client.clone();
        // Each chunk is sent by a Tokio task of its own, so that all cores work.
        let task = async move { client.import_chunk(n, rows?).await };
        async move { tokio::spawn(task).await? }
    });
    let mut sent = stream::iter(sent).buffer_unordered(MAX_CONCURRENT_REQUESTS);
    let mut all = RowCounts::default();
    while let Some(done) = sent.next().await {
        let done = done?;
        all.created += done.created;
        all.failed += done.failed;
        progress.report_finished(all.created + all.failed);
    }
    Ok(all)
}

#[tokio::main(worker_threads = 8)]
async fn main() -> Result<()> {
    let rows: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(250_000);
    let folder = TempDir::new()?;
    let path = folder.path().join("leads.csv");
    write_csv(&path, rows)?;
    let data = Some(folder.path().join("data"));
    let mut stack = LocalStack::start_stack(StackOptions { data, ..StackOptions::default() }).await?;
    let gateway = stack.gateway().clone();
    let token = gateway
        .token_issuer()
        .sign_token(&TokenIdentity { team: "import".into(), ..TokenIdentity::demo_member("Owner") })?;
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    let client = Client { gateway, token };
    let progress = ProgressBar::new("rows", rows);
    let began = Instant::now();
    // The first import stops after a third of the file, or is cancelled in the middle of requests when its time is up.
    let third = import_file(&client, &path, &progress, usize::try_from(rows)? / ROWS_PER_REQUEST / 3);
    let cut = Duration::from_secs_f64(rows as f64 / 5_000.0).max(Duration::from_secs(2));
    let cut = tokio::time::timeout(cut, third).await.is_err();
    eprintln!("begun again {}", if cut { "in the middle of requests" } else { "behind a third" });
    let RowCounts { created, failed } = import_file(&client, &path, &progress, usize::MAX).await?;
    let took = began.elapsed().as_secs_f64();
    let (_, list) = client.send("GET", "/leads?limit=1", "-", String::new()).await?;
    let count = list["count"].as_u64().context("no count")?;
    println!("| Rows | Seconds | Rows a second | Created | Failed | Leads there are |\n|--:|--:|--:|--:|--:|--:|");
    println!("| {rows} | {took:.0} | {:.0} | {created} | {failed} | {count} |", rows as f64 / took);
    ensure!((created, failed, count) == (rows, 0, rows), "a row is missing, or there twice");
    Ok(())
}
