//! Simulates the behaviour of AWS under load, which emulators lack: conflicting transactions fail, replies get lost
//! after the write, and services are slow, throttled or down.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::fault_injector::{
    ConnectorResult, Fault, dynamodb_error, lost_answer_response, refusal_response, request_body,
    transaction_canceled_body,
};

/// Range of the time for which a transaction holds its items, in milliseconds.
const TRANSACTION_HOLD_MILLIS: Range<u64> = 6..15;
/// Delay of a request that the simulation makes slow.
const SLOW_REQUEST_TIME: Duration = Duration::from_millis(4500);

/// Probabilities (0 to 1) of the faults of a request, and the write throughput of a partition key.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultRates {
    /// Probability that a request is executed and its reply is lost.
    pub lost: f64,
    /// Probability that a request is delayed by 4.5 seconds.
    pub slow: f64,
    /// Probability that a request is throttled.
    pub throttled: f64,
    /// Probability that a request is answered 503 with HTML, as if the service were down.
    pub unavailable: f64,
    /// Write units a second that transactions may consume in one partition key. 0 is unlimited.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
    pub partition_units: u32,
}

impl FaultRates {
    /// No random faults and no limit on throughput. A write still fails while a running transaction holds its item.
    pub const CONFLICTS_ONLY: Self =
        Self { lost: 0.0, slow: 0.0, throttled: 0.0, unavailable: 0.0, partition_units: 0 };
}

#[derive(Debug, Default)]
struct LoadState {
    /// Partition and sort keys of the items that running transactions hold.
    held: HashSet<(String, String)>,
    /// Idempotency tokens (`ClientRequestToken`) of the running transactions.
    running: HashSet<String>,
    /// Start of the current second and write units consumed in that second, by partition key.
    written: HashMap<String, (Instant, u32)>,
    /// Number of TransactWriteItems requests that [`SimulatedLoad::hold_items`] has checked.
    sent: u64,
}

/// Simulated load on one AWS service. Cheap to clone; all clones share the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedLoad {
    rates: FaultRates,
    state: Arc<Mutex<LoadState>>,
}

impl SimulatedLoad {
    pub(crate) fn new(rates: FaultRates) -> Self {
        Self { rates, state: Arc::default() }
    }

    fn lock_load_state(&self) -> MutexGuard<'_, LoadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of TransactWriteItems requests so far. Each try counts, unless a fault has refused the try.
    pub(crate) fn transaction_count(&self) -> u64 {
        self.lock_load_state().sent
    }

    /// Sends a request to `upstream` and answers as a service under load would: with delays, conflicts and faults.
    pub(crate) async fn forward_with_simulated_load(
        &self,
        upstream: SharedHttpConnector,
        operation: &str,
        request: HttpRequest,
        fault: Option<Fault>,
    ) -> ConnectorResult {
        let happens = |rate: f64| fastrand::f64() < rate;
        let refused = match () {
            () if happens(self.rates.throttled) => refusal_response(Fault::Throttle, operation, request_body(&request)),
            () if happens(self.rates.unavailable) => {
                refusal_response(Fault::Unavailable, operation, request_body(&request))
            }
            () => None,
        };
        if let Some(refused) = refused {
            return Ok(refused);
        }
        let slow =
            if fault == Some(Fault::Slow) || happens(self.rates.slow) { SLOW_REQUEST_TIME } else { Duration::ZERO };
        let answer = match operation {
            "TransactWriteItems" => match self.hold_items(request_body(&request)) {
                Ok(held) => {
                    tokio::time::sleep(slow).await;
                    // The time that the emulator takes to answer is part of the time for which the items are held.
                    let over =
                        tokio::time::Instant::now() + Duration::from_millis(fastrand::u64(TRANSACTION_HOLD_MILLIS));
                    let answer = upstream.call(request).await;
                    tokio::time::sleep_until(over).await;
                    drop(held);
                    answer
                }
                Err(refused) => return Ok(*refused),
            },
            _ => {
                tokio::time::sleep(slow).await;
                if self.writes_held_item(operation, request_body(&request)) {
                    let conflict = refusal_response(Fault::Conflict, operation, request_body(&request));
                    return Ok(conflict.unwrap_or_else(|| dynamodb_error(StatusCode::BAD_REQUEST, &json!({}))));
                }
                upstream.call(request).await
            }
        };
        let is_lost = fault == Some(Fault::LostAnswer) || happens(self.rates.lost);
        if is_lost { Ok(lost_answer_response()) } else { answer }
    }

    /// Holds the items of a transaction until the returned guard is dropped. Refuses the transaction if another
    /// transaction holds one of its items, if its token is in use, or if the throughput of a partition key is used up.
    fn hold_items(&self, body: &[u8]) -> Result<HeldItems, Box<HttpResponse>> {
        let TransactWrite { token, items } = serde_json::from_slice(body).unwrap_or_default();
        let items: Vec<(String, String)> = items.into_iter().map(|item| item.write.item.into()).collect();
        let mut state = self.lock_load_state();
        state.sent += 1;
        if state.running.contains(&token) {
            return Err(Box::new(refused_transaction_response(Fault::InProgress)));
        }
        if items.iter().any(|item| state.held.contains(item)) {
            let answer = transaction_canceled_body(items.iter().map(|item| state.held.contains(item)));
            return Err(Box::new(dynamodb_error(StatusCode::BAD_REQUEST, &answer)));
        }
        // DynamoDB charges a transactional write twice: once to prepare the write and once to commit it.
        let partitions: BTreeSet<&String> = items.iter().map(|(pk, _)| pk).collect();
        for pk in partitions.into_iter().filter(|_| self.rates.partition_units > 0) {
            let units = 2 * u32::try_from(items.iter().filter(|(other, _)| other == pk).count()).unwrap_or(u32::MAX);
            let (since, written) = state.written.entry(pk.clone()).or_insert((Instant::now(), 0));
            if since.elapsed() >= Duration::from_secs(1) {
                (*since, *written) = (Instant::now(), 0);
            }
            if *written + units > self.rates.partition_units {
                return Err(Box::new(refused_transaction_response(Fault::Throttle)));
            }
            *written += units;
        }
        state.held.extend(items.iter().cloned());
        state.running.insert(token.clone());
        Ok(HeldItems { contention: self.clone(), token, items })
    }

    fn writes_held_item(&self, operation: &str, body: &[u8]) -> bool {
        let writes: Vec<ItemKey> = match operation {
            "UpdateItem" | "DeleteItem" | "PutItem" => {
                serde_json::from_slice::<KeyedWrite>(body).into_iter().map(|write| write.item).collect()
            }
            "BatchWriteItem" => {
                let batch: BatchWrite = serde_json::from_slice(body).unwrap_or_default();
                batch.tables.into_values().flatten().map(|item| item.write.item).collect()
            }
            _ => Vec::new(),
        };
        let state = self.lock_load_state();
        writes.into_iter().any(|key| state.held.contains(&key.into()))
    }
}

/// The error response to a transaction that is refused as a whole, not because of single items.
fn refused_transaction_response(fault: Fault) -> HttpResponse {
    refusal_response(fault, "TransactWriteItems", &[]).unwrap_or_else(lost_answer_response)
}

/// Guard of a running transaction. Releases the transaction's items on drop.
struct HeldItems {
    contention: SimulatedLoad,
    token: String,
    items: Vec<(String, String)>,
}

impl Drop for HeldItems {
    fn drop(&mut self) {
        let mut state = self.contention.lock_load_state();
        for item in &self.items {
            state.held.remove(item);
        }
        state.running.remove(&self.token);
    }
}

/// The parts of a TransactWriteItems request that decide whether the transaction conflicts with another one.
#[derive(Default, Deserialize)]
struct TransactWrite {
    #[serde(rename = "ClientRequestToken")]
    token: String,
    #[serde(rename = "TransactItems")]
    items: Vec<WriteAction>,
}

#[derive(Default, Deserialize)]
struct BatchWrite {
    #[serde(rename = "RequestItems")]
    tables: HashMap<String, Vec<WriteAction>>,
}

#[derive(Deserialize)]
struct WriteAction {
    #[serde(
        alias = "Put",
        alias = "Update",
        alias = "Delete",
        alias = "ConditionCheck",
        alias = "PutRequest",
        alias = "DeleteRequest"
    )]
    write: KeyedWrite,
}

#[derive(Deserialize)]
struct KeyedWrite {
    #[serde(alias = "Item", alias = "Key")]
    item: ItemKey,
}

#[derive(Deserialize)]
struct ItemKey {
    #[serde(rename = "PK")]
    pk: StringAttribute,
    #[serde(rename = "SK")]
    sk: StringAttribute,
}

#[derive(Deserialize)]
struct StringAttribute {
    #[serde(rename = "S")]
    text: String,
}

impl From<ItemKey> for (String, String) {
    fn from(ItemKey { pk, sk }: ItemKey) -> Self {
        (pk.text, sk.text)
    }
}
