//! `cargo bench -p local --bench rollup [-- SOURCES]`: measures time and memory of the clean-up function for a team
//! whose leads of one day have SOURCES different sources (200,000 by default).

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use local::lambda::{LambdaProcess, RuntimeApi};
use local::large_teams::fill_team;
use local::{LocalStack, ProgressBar, StackOptions};
use mimalloc as _;
use serde_json::{Value, json};
use shared::domain::{CounterKey, LeadGroup, SourceHash, TeamId, Timestamp};
use shared::store::keys::{ItemKey, ParsedCounterKey, parse_counter_partition_item};

/// Maximum number of items in one BatchWriteItem request.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const MAX_BATCH_WRITE_ITEMS: usize = 25;
const CONCURRENT_WRITES: usize = 8;
/// Number of leads to create in a team so that the clean-up certainly finds the team's counters. A write announces them
/// to the clean-up only when it picks shard 0 among the eight copies of the team's counter of all leads.
const LEADS_TO_ANNOUNCE_COUNTERS: u64 = 1000;
/// Number of clean-up runs after which the bench fails if counters are left.
const MAX_CLEANUP_RUNS: usize = 100;

#[tokio::main]
async fn main() -> Result<()> {
    let sources = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(200_000);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let built =
        Command::new(env!("CARGO")).args(["build", "--release", "-p", "cleanup"]).current_dir(&root).status()?;
    ensure!(built.success(), "the release build failed");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);

    let stack = LocalStack::start_stack(StackOptions::default()).await?;
    let client = stack.dynamodb_client();
    for team in ["small", "large"] {
        fill_team(&client, &stack.table, team, LEADS_TO_ANNOUNCE_COUNTERS, |_| 0).await?;
    }
    add_source_counters(&client, &stack.table, "large", sources).await?;
    let environment = [
        ("TABLE_NAME", stack.table.as_str()),
        ("BUCKET_NAME", &stack.bucket),
        ("AWS_ENDPOINT_URL_DYNAMODB", &stack.dynamodb),
        ("AWS_ENDPOINT_URL_S3", &stack.s3),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let environment: HashMap<_, _> = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut api = RuntimeApi::start_server().await?;
    let process = LambdaProcess::spawn_function_process(
        &target.join("release/cleanup"),
        &environment,
        api.server_address(),
        None,
    )?;
    api.wait_for_first_poll().await?;
    let two_days_later = Timestamp::from(jiff::Timestamp::now()).saturating_add(SignedDuration::from_hours(48));
    let mut schedule: Value = serde_json::from_str(include_str!("../../../events/cleanup-schedule.json"))?;
    schedule["time"] = json!(two_days_later);
    let mut rolled_up = 0;
    println!("| Run | Seconds | Counters rolled up | Peak memory, MiB |\n|---|--:|--:|--:|");
    for run in 1..=MAX_CLEANUP_RUNS {
        let (answer, took) = api.invoke_runtime(&schedule).await?;
        println!("| {run} | {:.1} | {} | {:.0} |", took.as_secs_f64(), answer["rolledUp"], process.peak_memory_mib()?);
        rolled_up += answer["rolledUp"].as_u64().context("no number of counters")?;
        if answer["unfinished"] == Value::Bool(false) {
            ensure!(rolled_up > sources as u64, "only {rolled_up} counters were rolled up");
            return Ok(());
        }
    }
    anyhow::bail!("the clean-up does not end")
}

/// Writes today's counters for `sources` lead sources. Each is a copy of a counter that the product has written, with
/// another key.
async fn add_source_counters(client: &Client, table: &str, team: &str, sources: usize) -> Result<()> {
    let id: TeamId = team.parse().map_err(|()| anyhow::anyhow!("not a team's id"))?;
    let pages = client.scan().table_name(table).into_paginator().items().send();
    let items: Vec<HashMap<String, AttributeValue>> = pages.collect::<Result<_, _>>().await?;
    let of_group = |item: &HashMap<String, AttributeValue>| match parse_counter_partition_item(item) {
        Some(ParsedCounterKey::Open(CounterKey::Group(day, _), slot)) => Some((item.clone(), day, slot)),
        _ => None,
    };
    let (copy, day, slot) = items.iter().find_map(of_group).context("no counter of a group")?;
    let counter = |n: usize| {
        let group = LeadGroup { businesses: Vec::new(), source: SourceHash::of(&format!("Source {n}")) };
        let mut item = copy.clone();
        item.extend(ItemKey::Count(&CounterKey::Group(day, group), slot).primary_key_attributes(&id));
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    };
    let counters: Vec<WriteRequest> = (0..sources).map(counter).collect::<Result<_>>()?;
    let progress = ProgressBar::new("counters", sources as u64);
    let writes = counters.chunks(MAX_BATCH_WRITE_ITEMS).map(|some| {
        let request = client.batch_write_item().request_items(table, some.to_vec());
        async move {
            let output = request.send().await?;
            ensure!(output.unprocessed_items().is_none_or(HashMap::is_empty), "the emulator left items out");
            Ok(some.len())
        }
    });
    let written = stream::iter(writes).buffer_unordered(CONCURRENT_WRITES);
    let total = written.try_fold(0, async |total, some| {
        progress.report_finished((total + some) as u64);
        Ok(total + some)
    });
    ensure!(total.await? == sources, "counters are missing");
    Ok(())
}
