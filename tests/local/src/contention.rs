//! Behaviour of AWS under load that emulators do not have: transactions hold their items for a while and conflict,
//! replies get lost after the write, services are slow, throttled or down. One state stands for a whole DynamoDB or S3.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::fault_injector::{Answer, Fault, body, canceled, error, lost_answer, refusal};

/// How long a transaction holds its items, in milliseconds.
const TRANSACTION_MILLIS: Range<u64> = 6..15;
/// How long a slow request takes.
const SLOW_REQUEST_TIME: Duration = Duration::from_millis(4500);

/// Probabilities of faults of a request, and the throughput of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// The request is done and its reply is lost.
    pub lost: f64,
    /// The request takes 4.5 seconds.
    pub slow: f64,
    /// The request is throttled.
    pub throttled: f64,
    /// The service is down and answers without JSON.
    pub unavailable: f64,
    /// Write units a second of one partition key. 0 is unlimited.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
    pub partition_units: u32,
}

impl Rates {
    /// No faults except conflicts of transactions.
    pub const CONFLICTS_ONLY: Self =
        Self { lost: 0.0, slow: 0.0, throttled: 0.0, unavailable: 0.0, partition_units: 0 };
}

#[derive(Debug, Default)]
struct State {
    /// Items that transactions hold.
    held: HashSet<(String, String)>,
    /// Idempotency tokens of transactions under way.
    running: HashSet<String>,
    /// Units written in the current second, by partition key.
    written: HashMap<String, (Instant, u32)>,
    /// Number of transactions that were sent.
    sent: u64,
}

/// A service under load. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contention {
    rates: Rates,
    state: Arc<Mutex<State>>,
}

impl Contention {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of transactions that were sent. Each try counts.
    pub(crate) fn sent(&self) -> u64 {
        self.state().sent
    }

    /// Answers a request as the service under load would.
    pub(crate) async fn pass(
        &self,
        upstream: SharedHttpConnector,
        operation: &str,
        request: HttpRequest,
        fault: Option<Fault>,
    ) -> Answer {
        let happens = |rate: f64| fastrand::f64() < rate;
        let refused = match () {
            () if happens(self.rates.throttled) => refusal(Fault::Throttle, operation, body(&request)),
            () if happens(self.rates.unavailable) => refusal(Fault::Unavailable, operation, body(&request)),
            () => None,
        };
        if let Some(refused) = refused {
            return Ok(refused);
        }
        let slow =
            if fault == Some(Fault::Slow) || happens(self.rates.slow) { SLOW_REQUEST_TIME } else { Duration::ZERO };
        let answer = match operation {
            "TransactWriteItems" => match self.hold(body(&request)) {
                Ok(held) => {
                    tokio::time::sleep(slow).await;
                    // The emulator's own time counts towards the hold.
                    let over = tokio::time::Instant::now() + Duration::from_millis(fastrand::u64(TRANSACTION_MILLIS));
                    let answer = upstream.call(request).await;
                    tokio::time::sleep_until(over).await;
                    drop(held);
                    answer
                }
                Err(refused) => return Ok(*refused),
            },
            _ => {
                tokio::time::sleep(slow).await;
                if self.writes_what_is_held(operation, body(&request)) {
                    let conflict = refusal(Fault::Conflict, operation, body(&request));
                    return Ok(conflict.unwrap_or_else(|| error(StatusCode::BAD_REQUEST, &json!({}))));
                }
                upstream.call(request).await
            }
        };
        let is_lost = fault == Some(Fault::LostAnswer) || happens(self.rates.lost);
        if is_lost { Ok(lost_answer()) } else { answer }
    }

    /// Holds the items of a transaction until the guard is dropped. Refuses if another transaction holds one of them.
    fn hold(&self, body: &[u8]) -> Result<Held, Box<HttpResponse>> {
        let TransactWrite { token, items } = serde_json::from_slice(body).unwrap_or_default();
        let items: Vec<(String, String)> = items.into_iter().map(|item| item.write.item.into()).collect();
        let mut state = self.state();
        state.sent += 1;
        if state.running.contains(&token) {
            return Err(Box::new(refused_transaction(Fault::InProgress)));
        }
        if items.iter().any(|item| state.held.contains(item)) {
            let answer = canceled(items.iter().map(|item| state.held.contains(item)));
            return Err(Box::new(error(StatusCode::BAD_REQUEST, &answer)));
        }
        // A transaction consumes twice the units: it prepares and commits.
        let partitions: BTreeSet<&String> = items.iter().map(|(pk, _)| pk).collect();
        for pk in partitions.into_iter().filter(|_| self.rates.partition_units > 0) {
            let units = 2 * u32::try_from(items.iter().filter(|(other, _)| other == pk).count()).unwrap_or(u32::MAX);
            let (since, written) = state.written.entry(pk.clone()).or_insert((Instant::now(), 0));
            if since.elapsed() >= Duration::from_secs(1) {
                (*since, *written) = (Instant::now(), 0);
            }
            if *written + units > self.rates.partition_units {
                return Err(Box::new(refused_transaction(Fault::Throttle)));
            }
            *written += units;
        }
        state.held.extend(items.iter().cloned());
        state.running.insert(token.clone());
        Ok(Held { contention: self.clone(), token, items })
    }

    fn writes_what_is_held(&self, operation: &str, body: &[u8]) -> bool {
        let writes: Vec<Key> = match operation {
            "UpdateItem" | "DeleteItem" | "PutItem" => {
                serde_json::from_slice::<Write>(body).into_iter().map(|write| write.item).collect()
            }
            "BatchWriteItem" => {
                let batch: BatchWrite = serde_json::from_slice(body).unwrap_or_default();
                batch.tables.into_values().flatten().map(|item| item.write.item).collect()
            }
            _ => Vec::new(),
        };
        let state = self.state();
        writes.into_iter().any(|key| state.held.contains(&key.into()))
    }
}

/// The response to a transaction that is refused whole.
fn refused_transaction(fault: Fault) -> HttpResponse {
    refusal(fault, "TransactWriteItems", &[]).unwrap_or_else(lost_answer)
}

/// Guard of the items of a transaction under way.
struct Held {
    contention: Contention,
    token: String,
    items: Vec<(String, String)>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.contention.state();
        for item in &self.items {
            state.held.remove(item);
        }
        state.running.remove(&self.token);
    }
}

/// The parts of a TransactWriteItems request that matter for conflicts.
#[derive(Default, Deserialize)]
struct TransactWrite {
    #[serde(rename = "ClientRequestToken")]
    token: String,
    #[serde(rename = "TransactItems")]
    items: Vec<OneOf>,
}

#[derive(Default, Deserialize)]
struct BatchWrite {
    #[serde(rename = "RequestItems")]
    tables: HashMap<String, Vec<OneOf>>,
}

#[derive(Deserialize)]
struct OneOf {
    #[serde(
        alias = "Put",
        alias = "Update",
        alias = "Delete",
        alias = "ConditionCheck",
        alias = "PutRequest",
        alias = "DeleteRequest"
    )]
    write: Write,
}

#[derive(Deserialize)]
struct Write {
    #[serde(alias = "Item", alias = "Key")]
    item: Key,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "PK")]
    pk: Text,
    #[serde(rename = "SK")]
    sk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

impl From<Key> for (String, String) {
    fn from(Key { pk, sk }: Key) -> Self {
        (pk.text, sk.text)
    }
}
