//! An HTTP client for the AWS SDK that counts requests to the emulators and injects faults of AWS that the emulators
//! lack.

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

use crate::contention::{FaultRates, SimulatedLoad};

/// Interval between checks whether concurrent requests have all arrived, or whether slow requests are finished.
/// [`MAX_CHECKS`] limits the checks for arrival.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);
const MAX_CHECKS: u32 = 5000;

/// Round trips and consumed capacity since [`FaultInjector::start_counting_requests`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CountedTraffic {
    /// Number of round trips in sequence. Concurrent requests count as one round trip.
    pub trips: u32,
    /// Consumed read units.
    pub reads: f64,
    /// Consumed write units, including those of indexes.
    pub writes: f64,
}

/// A fault that [`FaultInjector`] injects into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault: the request passes, and the next fault is for a later request.
    Pass,
    /// The write is refused because of a conflict with another transaction. Nothing is written.
    Conflict,
    /// The request is throttled and has no effect.
    Throttle,
    /// The request is executed, but the answer (500) says that the service failed.
    LostAnswer,
    /// The transaction is refused because an earlier try with its idempotency token is still running. The refused try
    /// has no effect.
    InProgress,
    /// The request takes 4.5 seconds, and is executed even if its caller gives up.
    Slow,
    /// The service is down, and its load balancer answers 503 with HTML. The request has no effect.
    Unavailable,
}

#[derive(Debug, Default)]
struct InjectorState {
    counting: bool,
    traffic: CountedTraffic,
    /// Channels that release the requests held until all concurrent requests have arrived.
    held: Vec<oneshot::Sender<()>>,
    faults: VecDeque<(&'static str, Fault)>,
    /// The fault of every request of an operation, by the operation's name.
    outages: HashMap<&'static str, Fault>,
    /// Simulation of AWS under load, if it is on.
    load: Option<SimulatedLoad>,
    operations: Vec<String>,
    /// Cloned by each request that is executed even if its caller gives up, so the reference count shows how many there
    /// are.
    landing: Arc<()>,
}

/// Counts the requests of one AWS service's clients and injects faults into them. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FaultInjector {
    in_flight: InFlightCounter,
    state: Arc<Mutex<InjectorState>>,
}

/// HTTP connector that injects faults: it answers a request itself, or sends the request through `upstream`.
#[derive(Debug)]
struct FaultyConnector {
    injector: FaultInjector,
    upstream: SharedHttpConnector,
    /// Read timeout of `upstream`. It is applied here too, because `upstream` does not see the injected delays.
    read_timeout: Option<Duration>,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.injector.clone().call_with_faults(self.upstream.clone(), request);
        let read_timeout = self.read_timeout.unwrap_or(Duration::MAX);
        HttpConnectorFuture::new(async move {
            let answer = tokio::time::timeout(read_timeout, answer).await;
            answer.unwrap_or_else(|elapsed| Err(ConnectorError::timeout(elapsed.into())))
        })
    }
}

/// Number of SDK operations that clients have started and not finished.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlightCounter(Arc<AtomicUsize>);

impl Intercept for InFlightCounter {
    fn name(&self) -> &'static str {
        "InFlightCounter"
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
    /// Wraps `upstream` in an HTTP client that counts requests and injects faults.
    pub(crate) fn wrap_client(&self, upstream: SharedHttpClient) -> SharedHttpClient {
        let injector = self.clone();
        http_client_fn(move |settings, components| {
            SharedHttpConnector::new(FaultyConnector {
                injector: injector.clone(),
                upstream: upstream.http_connector(settings, components),
                read_timeout: settings.read_timeout(),
            })
        })
    }

    fn lock_state(&self) -> MutexGuard<'_, InjectorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resets the counters and starts counting requests.
    pub fn start_counting_requests(&self) {
        let mut state = self.lock_state();
        state.counting = true;
        state.traffic = CountedTraffic::default();
        state.operations.clear();
    }

    /// Stops counting. Returns the traffic, and the names of the counted operations in their order.
    pub fn stop_counting_requests(&self) -> (CountedTraffic, Vec<String>) {
        let mut state = self.lock_state();
        state.counting = false;
        (state.traffic, std::mem::take(&mut state.operations))
    }

    /// Injects faults into the next requests of an operation (such as `TransactWriteItems` or `PutObject`), one fault a
    /// request.
    pub fn inject_next(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.lock_state().faults.extend(faults.into_iter().map(|fault| (operation, fault)));
    }

    /// Injects a fault into every request of an operation from now on, once the faults of
    /// [`FaultInjector::inject_next`] are used up.
    pub fn inject_always(&self, operation: &'static str, fault: Fault) {
        self.lock_state().outages.insert(operation, fault);
    }

    /// Simulates AWS under load from now on, with these probabilities of faults.
    pub fn simulate_load(&self, rates: FaultRates) {
        self.lock_state().load = Some(SimulatedLoad::new(rates));
    }

    /// Number of TransactWriteItems requests since [`FaultInjector::simulate_load`]. Each try counts, unless a fault
    /// has refused the try.
    pub fn simulated_transaction_count(&self) -> u64 {
        self.lock_state().load.as_ref().map_or(0, SimulatedLoad::transaction_count)
    }

    /// Stops the faults of [`FaultInjector::inject_always`] and the load of [`FaultInjector::simulate_load`].
    pub fn stop_faults(&self) {
        let mut state = self.lock_state();
        state.outages.clear();
        state.load = None;
    }

    /// Waits until slow requests and requests under simulated load are finished, even those whose callers gave up.
    pub async fn wait_for_slow_requests(&self) {
        while Arc::strong_count(&self.lock_state().landing) > 1 {
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    /// Number of faults of [`FaultInjector::inject_next`] that no request has met yet.
    pub fn count_faults_left(&self) -> usize {
        self.lock_state().faults.len()
    }

    /// An SDK interceptor that counts the operations that a client has in flight.
    pub(crate) fn in_flight_interceptor(&self) -> InFlightCounter {
        self.in_flight.clone()
    }

    /// Releases the held requests as one round trip: once every SDK operation in flight is held here, and no running
    /// task is about to send another request.
    async fn release_when_all_arrived(self) {
        let metrics = Handle::current().metrics();
        // Tokio's park count is odd while a worker is parked. The worker that runs this check is not parked.
        let is_active = |worker: &usize| metrics.worker_park_unpark_count(*worker).is_multiple_of(2);
        for _ in 0..MAX_CHECKS {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let is_idle = (0..metrics.num_workers()).filter(is_active).count() <= 1;
            if is_idle && self.in_flight.0.load(Ordering::SeqCst) <= self.lock_state().held.len() {
                break;
            }
        }
        let mut state = self.lock_state();
        state.traffic.trips += 1;
        for held in state.held.drain(..) {
            // Sending fails if the caller has dropped the held request.
            held.send(()).ok();
        }
    }

    /// Answers a request with an injected fault, or with the answer of `upstream`.
    async fn call_with_faults(self, upstream: SharedHttpConnector, request: HttpRequest) -> ConnectorResult {
        let operation = aws_operation(&request);
        let (counting, fault, load) = {
            let mut state = self.lock_state();
            let met = state.faults.iter().position(|(wanted, _)| *wanted == operation);
            let fault = met.and_then(|n| state.faults.remove(n)).map(|(_, fault)| fault);
            let fault = fault.or_else(|| state.outages.get(operation.as_str()).copied());
            let slow = (fault == Some(Fault::Slow)).then(SimulatedLoad::default);
            let load = state.load.clone().or(slow);
            (state.counting, fault, load.map(|load| (load, Arc::clone(&state.landing))))
        };
        if let Some(refusal) = fault.and_then(|fault| refusal_response(fault, &operation, request_body(&request))) {
            return Ok(refusal);
        }
        // A Tokio task executes the request even if the caller gives up.
        if let Some((load, landing)) = load {
            let answer = async move {
                let _landing = landing;
                load.forward_with_simulated_load(upstream, &operation, request, fault).await
            };
            return tokio::spawn(answer).await.unwrap_or_else(|panic| Err(ConnectorError::other(panic.into(), None)));
        }
        let answer =
            if counting { self.call_counted(upstream, operation, request).await } else { upstream.call(request).await };
        if answer.is_ok() && fault == Some(Fault::LostAnswer) { Ok(lost_answer_response()) } else { answer }
    }

    /// Holds a request until all concurrent requests have arrived, then sends it and counts the capacity that it
    /// consumes.
    async fn call_counted(
        self,
        upstream: SharedHttpConnector,
        operation: String,
        request: HttpRequest,
    ) -> ConnectorResult {
        let (release, released) = oneshot::channel();
        let is_first = {
            let mut state = self.lock_state();
            state.operations.push(operation.clone());
            state.held.push(release);
            state.held.len() == 1
        };
        if is_first {
            tokio::spawn(self.clone().release_when_all_arrived());
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
        let mut state = self.lock_state();
        if ["GetItem", "BatchGetItem", "Query"].contains(&operation.as_str()) {
            state.traffic.reads += units;
        } else {
            state.traffic.writes += units;
        }
        Ok(answer)
    }
}

/// The response of an HTTP connector, or the connector's error.
pub(crate) type ConnectorResult = Result<HttpResponse, ConnectorError>;

/// The body of a request if it is in memory, as with DynamoDB. Empty if the body is a stream.
pub(crate) fn request_body(request: &HttpRequest) -> &[u8] {
    request.body().bytes().unwrap_or_default()
}

/// Name of the AWS operation of a request. DynamoDB sends the name in the header `x-amz-target`. For S3 the name
/// follows from the HTTP method and the header `x-amz-copy-source`.
fn aws_operation(request: &HttpRequest) -> String {
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

fn emulated_response(status: StatusCode, content_type: &'static str, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.into(), SdkBody::from(body));
    response.headers_mut().insert("content-type", content_type);
    response
}

/// A DynamoDB error response with this status and JSON body.
pub(crate) fn dynamodb_error(status: StatusCode, body: &Value) -> HttpResponse {
    emulated_response(status, "application/x-amz-json-1.0", body.to_string())
}

/// The error response (500) in place of a response that was lost.
pub(crate) fn lost_answer_response() -> HttpResponse {
    dynamodb_error(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "__type": "InternalServerError" }))
}

/// The error response of a fault that keeps a request from being executed. `None` for faults of requests that are
/// executed.
pub(crate) fn refusal_response(fault: Fault, operation: &str, body: &[u8]) -> Option<HttpResponse> {
    let named = |name: &str, message: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": message });
    let answer = match fault {
        Fault::Pass | Fault::LostAnswer | Fault::Slow => return None,
        Fault::Unavailable => {
            let page = "<html><body><b>Http/1.1 Service Unavailable</b></body></html>";
            return Some(emulated_response(StatusCode::SERVICE_UNAVAILABLE, "text/html", page.to_owned()));
        }
        Fault::Throttle if operation.contains("Object") => {
            let body = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
            return Some(emulated_response(StatusCode::SERVICE_UNAVAILABLE, "application/xml", body.to_owned()));
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
            transaction_canceled_body((0..items).map(|n| n == items - 1))
        }
        Fault::Conflict => named("TransactionConflictException", "Transaction is ongoing for the item"),
    };
    Some(dynamodb_error(StatusCode::BAD_REQUEST, &answer))
}

/// The JSON body of a TransactionCanceledException. `conflicts` states for each item whether it conflicts with another
/// transaction.
pub(crate) fn transaction_canceled_body(conflicts: impl Iterator<Item = bool>) -> Value {
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
