//! Emulates the event source mapping of the table's stream: invokes a function with the records that pass the
//! template's filters, as Lambda does. <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::storage;

/// Interval between reads of a shard.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum number of stream records of one read.
const MAX_READ_RECORDS: usize = 1000;
/// Pause before a failed batch of stream records is retried.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Filters of an event source mapping. <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>
#[derive(Clone, Debug)]
pub(crate) struct EventFilters(pub Vec<Value>);

impl EventFilters {
    fn accepts_record(&self, record: &Value) -> bool {
        self.0.iter().any(|pattern| matches_pattern(pattern, Some(record)))
    }
}

/// Whether a value matches a filter pattern. The fields of an object are compared one by one. An array lists the
/// allowed values and rules.
fn matches_pattern(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields.iter().all(|(name, pattern)| matches_pattern(pattern, value.and_then(|of| of.get(name))))
        }
        Value::Array(any) => any.iter().any(|one| match (one, value) {
            (Value::Object(rule), value) => {
                let prefix = rule.get("prefix").and_then(Value::as_str);
                let starts = |prefix| value.and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix));
                match rule.get("exists") {
                    Some(exists) => exists.as_bool() == Some(value.is_some()),
                    None => prefix.is_some_and(starts),
                }
            }
            (one, value) => value == Some(one),
        }),
        other => value == Some(other),
    }
}

/// The DynamoDB stream of the table, and how its records are filtered and batched.
pub(crate) struct StreamPoller {
    endpoint: String,
    arn: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// File that stores the last sequence number read from each shard.
    checkpoint: Option<PathBuf>,
    filters: EventFilters,
    batch: usize,
}

impl StreamPoller {
    pub(crate) fn new(
        endpoint: String,
        arn: String,
        checkpoint: Option<PathBuf>,
        filters: EventFilters,
        batch: usize,
    ) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { endpoint, arn, client, checkpoint, filters, batch }
    }

    async fn call_streams_api(&self, operation: &str, body: Value) -> Result<Value> {
        let day = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
        let scope = format!("{}/{day}/{}/dynamodb/aws4_request", storage::ACCESS_KEY, storage::AWS_REGION);
        // Emulators check only the access key of the `Authorization` header, so the request has a dummy signature.
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = hyper::Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"))
            .header("x-amz-date", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string())
            .header("authorization", authorization)
            .body(Full::new(Bytes::from(body.to_string())))?;
        let answer = self.client.request(request).await?;
        let (status, body) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            bail!("{operation}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    async fn open_shard_ids(&self) -> Result<Vec<String>> {
        let described = self.call_streams_api("DescribeStream", json!({ "StreamArn": self.arn })).await?;
        let shards = described["StreamDescription"]["Shards"].as_array().cloned().unwrap_or_default();
        Ok(shards.iter().filter_map(|shard| shard["ShardId"].as_str().map(str::to_owned)).collect())
    }

    async fn shard_iterator(&self, shard: &str, after: Option<&str>) -> Result<String> {
        let mut asked = json!({ "StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        if let Some(after) = after {
            asked["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
            asked["SequenceNumber"] = json!(after);
        }
        let answer = self.call_streams_api("GetShardIterator", asked).await?;
        Ok(answer["ShardIterator"].as_str().context("no shard iterator")?.to_owned())
    }

    /// Polls the open shards, in the order of their ids, and invokes a function with each batch of records until the
    /// batch is processed. Returns only if an error occurs.
    pub(crate) async fn poll_and_invoke<F, R>(&self, invoke: F) -> Result<()>
    where
        F: Fn(Value) -> R,
        R: Future<Output = Result<Value>>,
    {
        let mut read = self.read_checkpoints();
        let (mut iterators, mut ended): (BTreeMap<String, String>, BTreeSet<String>) = Default::default();
        loop {
            for shard in self.open_shard_ids().await? {
                if !iterators.contains_key(&shard) && !ended.contains(&shard) {
                    let after = read.get(&shard).map(String::as_str);
                    iterators.insert(shard.clone(), self.shard_iterator(&shard, after).await?);
                }
            }
            for _ in 0..50 {
                for (shard, iterator) in std::mem::take(&mut iterators) {
                    let page = self
                        .call_streams_api("GetRecords", json!({ "ShardIterator": iterator, "Limit": MAX_READ_RECORDS }))
                        .await?;
                    let records = page["Records"].as_array().cloned().unwrap_or_default();
                    let last = records.last().and_then(|record| record["dynamodb"]["SequenceNumber"].as_str());
                    let last = last.map(str::to_owned);
                    let passed: Vec<Value> =
                        records.into_iter().filter(|record| self.filters.accepts_record(record)).collect();
                    for batch in passed.chunks(self.batch) {
                        invoke_until_processed(batch, &invoke).await;
                    }
                    if let Some(last) = last {
                        read.insert(shard.clone(), last);
                        self.save_checkpoints(&read)?;
                    }
                    match page["NextShardIterator"].as_str() {
                        Some(next) => drop(iterators.insert(shard, next.to_owned())),
                        None => drop(ended.insert(shard)),
                    }
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }

    fn read_checkpoints(&self) -> BTreeMap<String, String> {
        let kept = self.checkpoint.as_ref().and_then(|file| std::fs::read(file).ok());
        kept.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    fn save_checkpoints(&self, read: &BTreeMap<String, String>) -> Result<()> {
        match &self.checkpoint {
            Some(file) => Ok(std::fs::write(file, serde_json::to_vec(read)?)?),
            None => Ok(()),
        }
    }
}

/// Invokes a function until all records of a batch are processed. After a partial failure, the retry starts at the
/// first failed record. After a failed invocation, the retry has half of the records.
async fn invoke_until_processed<F, R>(batch: &[Value], invoke: &F)
where
    F: Fn(Value) -> R,
    R: Future<Output = Result<Value>>,
{
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let left = match invoke(json!({ "Records": part })).await {
            Ok(answer) => {
                let failed = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
                let is_first = |record: &Value| {
                    failed.iter().any(|one| one["itemIdentifier"] == record["dynamodb"]["SequenceNumber"])
                };
                part.iter().position(is_first).map(|first| &part[first..])
            }
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.push(second);
                Some(first)
            }
            Err(_) => Some(part),
        };
        if let Some(left) = left {
            parts.push(left);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_filters_match_values_prefixes_and_existence_as_in_lambda() {
        let pattern =
            json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "SK": { "S": [{ "prefix": "LOG#" }] } } } });
        let record = |name: &str, sk: &str| json!({ "eventName": name, "dynamodb": { "Keys": { "SK": { "S": sk } } } });
        let filters = EventFilters(vec![pattern]);
        assert!(filters.accepts_record(&record("INSERT", "LOG#1")));
        assert!(
            !filters.accepts_record(&record("MODIFY", "LOG#1")) && !filters.accepts_record(&record("INSERT", "LEAD"))
        );
        let exists = |exists| EventFilters(vec![json!({ "a": { "b": [{ "exists": exists }] } })]);
        assert!(
            exists(true).accepts_record(&json!({ "a": { "b": 1 } }))
                && !exists(true).accepts_record(&json!({ "a": {} }))
        );
        assert!(exists(false).accepts_record(&json!({})) && !exists(false).accepts_record(&json!({ "a": { "b": 1 } })));
    }
}
