//! An HTTP client under the SDK that counts traffic and injects the faults of AWS that emulators do not have.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ConnectorError};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::contention::{Contention, Rates};

/// While traffic is counted: interval between checks whether all requests under way have arrived, and the maximum
/// number of checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);
const MAX_CHECKS: u32 = 5000;

/// Traffic since [`FaultInjector::start_counting`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Round trips in sequence. Concurrent requests count as one.
    pub trips: u32,
    /// Read units.
    pub reads: f64,
    /// Write units, including those of indexes.
    pub writes: f64,
}

/// A fault of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    Pass,
    /// A conflict with another transaction. Nothing is written.
    Conflict,
    /// Throttling. The request has no effect.
    Throttle,
    /// The request is done, but the answer says that the service failed.
    LostAnswer,
    /// An earlier try of the same transaction is still under way. This one has no effect.
    InProgress,
    /// The request takes 4.5 seconds, and is done whether its caller waits or not.
    Slow,
    /// The service is down and its load balancer answers without JSON. The request has no effect.
    Unavailable,
}

#[derive(Debug, Default)]
struct Record {
    counting: bool,
    traffic: Traffic,
    /// Releases the held requests.
    held: Vec<oneshot::Sender<()>>,
    faults: VecDeque<(&'static str, Fault)>,
    /// Faults of every request of an operation.
    outages: HashMap<&'static str, Fault>,
    /// Behaviour of AWS under load, if it is on.
    contention: Option<Contention>,
    operations: Vec<String>,
    /// Held by each request that is finished even after its caller has gone.
    landing: Arc<()>,
}

/// Counts the traffic of one service's clients and injects faults into it. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FaultInjector {
    in_flight: InFlight,
    record: Arc<Mutex<Record>>,
}

/// The connector of a client with faults: it answers a request itself, or sends it through `upstream`.
#[derive(Debug)]
struct FaultyConnector {
    injector: FaultInjector,
    upstream: SharedHttpConnector,
    /// The upstream's read timeout, which must also end the waits that are injected.
    read_timeout: Option<Duration>,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.injector.clone().answer(self.upstream.clone(), request);
        let read_timeout = self.read_timeout.unwrap_or(Duration::MAX);
        HttpConnectorFuture::new(async move {
            let answer = tokio::time::timeout(read_timeout, answer).await;
            answer.unwrap_or_else(|elapsed| Err(ConnectorError::timeout(elapsed.into())))
        })
    }
}

/// Number of requests that clients have under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl Intercept for InFlight {
    fn name(&self) -> &'static str {
        "InFlight"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

impl FaultInjector {
    /// An HTTP client that sends requests through `upstream` and meets the faults.
    pub(crate) fn client(&self, upstream: SharedHttpClient) -> SharedHttpClient {
        let injector = self.clone();
        http_client_fn(move |settings, components| {
            SharedHttpConnector::new(FaultyConnector {
                injector: injector.clone(),
                upstream: upstream.http_connector(settings, components),
                read_timeout: settings.read_timeout(),
            })
        })
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts counting.
    pub fn start_counting(&self) {
        let mut record = self.record();
        record.counting = true;
        record.traffic = Traffic::default();
        record.operations.clear();
    }

    /// Stops counting and returns the traffic, and the operations in their order.
    pub fn stop_counting(&self) -> (Traffic, Vec<String>) {
        let mut record = self.record();
        record.counting = false;
        (record.traffic, std::mem::take(&mut record.operations))
    }

    /// Injects faults into the next requests of an operation (`TransactWriteItems`, `PutObject`), one each.
    pub fn fail(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.record().faults.extend(faults.into_iter().map(|fault| (operation, fault)));
    }

    /// Injects a fault into every request of an operation from now on, after those of [`FaultInjector::fail`].
    pub fn fail_always(&self, operation: &'static str, fault: Fault) {
        self.record().outages.insert(operation, fault);
    }

    /// Behaves as AWS under load from now on.
    pub fn simulate_load(&self, rates: Rates) {
        self.record().contention = Some(Contention::new(rates));
    }

    /// Number of transactions since [`FaultInjector::simulate_load`]. Each try counts.
    pub fn transactions(&self) -> u64 {
        self.record().contention.as_ref().map_or(0, Contention::sent)
    }

    /// Ends the effects of [`FaultInjector::fail_always`] and [`FaultInjector::simulate_load`].
    pub fn stop_faults(&self) {
        let mut record = self.record();
        record.outages.clear();
        record.contention = None;
    }

    /// Waits until slow requests are done, whether their callers waited or not.
    pub async fn wait_for_slow_requests(&self) {
        while Arc::strong_count(&self.record().landing) > 1 {
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    /// Number of injected faults that no request has met.
    pub fn faults_left(&self) -> usize {
        self.record().faults.len()
    }

    /// An SDK interceptor that counts the client's requests under way.
    pub(crate) fn in_flight(&self) -> InFlight {
        self.in_flight.clone()
    }

    /// Releases requests that were sent together: when all requests under way are held here, and no running task is
    /// about to send another.
    async fn release(self) {
        let metrics = Handle::current().metrics();
        // A worker with an odd count is parked. The worker that runs this is not.
        let is_active = |worker: &usize| metrics.worker_park_unpark_count(*worker).is_multiple_of(2);
        for _ in 0..MAX_CHECKS {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let is_idle = (0..metrics.num_workers()).filter(is_active).count() <= 1;
            if is_idle && self.in_flight.0.load(Ordering::SeqCst) <= self.record().held.len() {
                break;
            }
        }
        let mut record = self.record();
        record.traffic.trips += 1;
        for held in record.held.drain(..) {
            // The sender may have gone.
            held.send(()).ok();
        }
    }

    /// Answers a request: with an injected fault, or as the upstream does.
    async fn answer(self, upstream: SharedHttpConnector, request: HttpRequest) -> Answer {
        let operation = operation(&request);
        let (counting, fault, contention) = {
            let mut record = self.record();
            let met = record.faults.iter().position(|(wanted, _)| *wanted == operation);
            let fault = met.and_then(|n| record.faults.remove(n)).map(|(_, fault)| fault);
            let fault = fault.or_else(|| record.outages.get(operation.as_str()).copied());
            let slow = (fault == Some(Fault::Slow)).then(Contention::default);
            let contention = record.contention.clone().or(slow);
            (record.counting, fault, contention.map(|contention| (contention, Arc::clone(&record.landing))))
        };
        if let Some(refusal) = fault.and_then(|fault| refusal(fault, &operation, body(&request))) {
            return Ok(refusal);
        }
        // The request is finished even if its caller goes away.
        if let Some((contention, landing)) = contention {
            let answer = async move {
                let _landing = landing;
                contention.pass(upstream, &operation, request, fault).await
            };
            return tokio::spawn(answer).await.unwrap_or_else(|panic| Err(ConnectorError::other(panic.into(), None)));
        }
        let answer =
            if counting { self.call_counted(upstream, operation, request).await } else { upstream.call(request).await };
        if answer.is_ok() && fault == Some(Fault::LostAnswer) { Ok(lost_answer()) } else { answer }
    }

    /// Sends a request together with those that were sent at the same time, and counts what it consumes.
    async fn call_counted(self, upstream: SharedHttpConnector, operation: String, request: HttpRequest) -> Answer {
        let (release, released) = oneshot::channel();
        let is_first = {
            let mut record = self.record();
            record.operations.push(operation.clone());
            record.held.push(release);
            record.held.len() == 1
        };
        if is_first {
            tokio::spawn(self.clone().release());
        }
        released.await.map_err(|dropped| ConnectorError::other(dropped.into(), None))?;
        let mut answer = upstream.call(request).await?;
        let read = ByteStream::new(answer.take_body()).collect().await;
        let bytes = read.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
        let body: Value = serde_json::from_slice(&bytes).map_err(|error| ConnectorError::other(error.into(), None))?;
        *answer.body_mut() = SdkBody::from(bytes);
        let one = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or(0.0);
        let units = match &body["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().map(one).sum(),
            table => one(table),
        };
        let mut record = self.record();
        if ["GetItem", "BatchGetItem", "Query"].contains(&operation.as_str()) {
            record.traffic.reads += units;
        } else {
            record.traffic.writes += units;
        }
        Ok(answer)
    }
}

/// What a connector answers.
pub(crate) type Answer = Result<HttpResponse, ConnectorError>;

/// The body of a request that is in memory, as those of DynamoDB are. Empty if it is a stream.
pub(crate) fn body(request: &HttpRequest) -> &[u8] {
    request.body().bytes().unwrap_or_default()
}

/// The AWS operation of a request. DynamoDB names it in `x-amz-target`. For S3 it follows from the method and
/// `x-amz-copy-source`.
fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let copy = request.headers().contains_key("x-amz-copy-source");
    let operation = match request.method() {
        "PUT" if copy => "CopyObject",
        "PUT" => "PutObject",
        "POST" => "DeleteObjects",
        _ => "GetObject",
    };
    operation.to_owned()
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.into(), SdkBody::from(body));
    response.headers_mut().insert("content-type", content_type);
    response
}

/// An error of DynamoDB.
pub(crate) fn error(status: StatusCode, body: &Value) -> HttpResponse {
    response(status, "application/x-amz-json-1.0", body.to_string())
}

/// The response in place of one that was lost.
pub(crate) fn lost_answer() -> HttpResponse {
    error(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "__type": "InternalServerError" }))
}

/// The response to a request that has no effect because of a fault. `None` for faults of requests that are done.
pub(crate) fn refusal(fault: Fault, operation: &str, body: &[u8]) -> Option<HttpResponse> {
    let named = |name: &str, message: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": message });
    let answer = match fault {
        Fault::Pass | Fault::LostAnswer | Fault::Slow => return None,
        Fault::Unavailable => {
            let page = "<html><body><b>Http/1.1 Service Unavailable</b></body></html>";
            return Some(response(StatusCode::SERVICE_UNAVAILABLE, "text/html", page.to_owned()));
        }
        Fault::Throttle if operation.contains("Object") => {
            let body = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
            return Some(response(StatusCode::SERVICE_UNAVAILABLE, "application/xml", body.to_owned()));
        }
        Fault::Throttle => named(
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        Fault::InProgress => named(
            "TransactionInProgressException",
            "The transaction with the given request token is already in progress.",
        ),
        Fault::Conflict if operation == "TransactWriteItems" => {
            let asked: Value = serde_json::from_slice(body).ok()?;
            let items = asked["TransactItems"].as_array().map_or(1, Vec::len);
            canceled((0..items).map(|n| n == items - 1))
        }
        Fault::Conflict => named("TransactionConflictException", "Transaction is ongoing for the item"),
    };
    Some(error(StatusCode::BAD_REQUEST, &answer))
}

/// The error body of a transaction that was cancelled because of conflicts on some of its items.
pub(crate) fn canceled(conflicts: impl Iterator<Item = bool>) -> Value {
    let reason = |conflict| match conflict {
        true => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
        false => json!({ "Code": "None" }),
    };
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": conflicts.map(reason).collect::<Vec<_>>(),
    })
}
