//! A proxy before DynamoDB or S3 that counts traffic and injects the faults of AWS that emulators do not have.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::contention::{Contention, Rates};

/// While traffic is counted: interval between checks whether all requests under way have arrived, and the maximum
/// number of checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);
const MAX_CHECKS: u32 = 5000;

/// How long a sent request may take to arrive here.
const MAX_ARRIVAL_TIME: Duration = Duration::from_millis(100);

/// Traffic since [`FaultProxy::count`].
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

#[derive(Default)]
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

/// A fault-injecting proxy.
#[derive(Clone)]
pub struct FaultProxy {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    in_flight: InFlight,
    record: Arc<Mutex<Record>>,
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

impl FaultProxy {
    /// Opens a proxy before `upstream`.
    pub(crate) async fn start(upstream: String) -> Result<(Self, SocketAddr)> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let proxy = Self { upstream, client, in_flight: InFlight::default(), record: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = axum::Router::new().fallback(pass).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok((proxy, address))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts counting.
    pub fn count(&self) {
        let mut record = self.record();
        record.counting = true;
        record.traffic = Traffic::default();
        record.operations.clear();
    }

    /// Stops counting and returns the traffic, and the operations in their order.
    pub fn counted(&self) -> (Traffic, Vec<String>) {
        let mut record = self.record();
        record.counting = false;
        (record.traffic, std::mem::take(&mut record.operations))
    }

    /// Injects faults into the next requests of an operation (`TransactWriteItems`, `PutObject`), one each.
    pub fn fail(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.record().faults.extend(faults.into_iter().map(|fault| (operation, fault)));
    }

    /// Injects a fault into every request of an operation from now on, after those of [`FaultProxy::fail`].
    pub fn fail_always(&self, operation: &'static str, fault: Fault) {
        self.record().outages.insert(operation, fault);
    }

    /// Behaves as AWS under load from now on.
    pub fn simulate_load(&self, rates: Rates) {
        self.record().contention = Some(Contention::new(rates));
    }

    /// Number of transactions since [`FaultProxy::simulate_load`]. Each try counts.
    pub fn transactions(&self) -> u64 {
        self.record().contention.as_ref().map_or(0, Contention::sent)
    }

    /// Ends the effects of [`FaultProxy::fail_always`] and [`FaultProxy::simulate_load`].
    pub fn stop_faults(&self) {
        let mut record = self.record();
        record.outages.clear();
        record.contention = None;
    }

    /// Waits until slow requests are done, whether their callers waited or not.
    pub async fn wait_for_slow_requests(&self) {
        tokio::time::sleep(MAX_ARRIVAL_TIME).await;
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

    pub(crate) async fn forward(&self, parts: &Parts, body: Bytes) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let to = format!("{}{}", self.upstream, parts.uri);
        let length = body.len();
        let mut request = hyper::Request::builder().method(&parts.method).uri(to).body(Full::new(body))?;
        // Host and length are signed, so the headers are passed on unchanged.
        request.headers_mut().clone_from(&parts.headers);
        if parts.headers.contains_key(header::CONTENT_LENGTH) {
            request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok((parts.status, parts.headers, body.collect().await?.to_bytes()))
    }
}

async fn pass(State(proxy): State<FaultProxy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let operation = operation(&parts);
    let (counting, fault, contention) = {
        let mut record = proxy.record();
        let met = record.faults.iter().position(|(wanted, _)| *wanted == operation);
        let fault = met.and_then(|n| record.faults.remove(n)).map(|(_, fault)| fault);
        let fault = fault.or_else(|| record.outages.get(operation.as_str()).copied());
        let contention = record.contention.clone().or_else(|| (fault == Some(Fault::Slow)).then(Contention::default));
        (record.counting, fault, contention.map(|contention| (contention, Arc::clone(&record.landing))))
    };
    if let Some(refusal) = fault.and_then(|fault| refusal(fault, &operation, &body)) {
        return refusal;
    }
    // The request is finished even if its caller goes away.
    if let Some((contention, landing)) = contention {
        let answer = async move {
            let _landing = landing;
            contention.pass(&proxy, &operation, &parts, body, fault).await
        };
        let answer = tokio::spawn(answer).await;
        return answer.unwrap_or_else(|cause| (StatusCode::BAD_GATEWAY, cause.to_string()).into_response());
    }
    let answer =
        if counting { counted(&proxy, &operation, &parts, body).await } else { proxy.forward(&parts, body).await };
    match answer {
        Ok(_) if fault == Some(Fault::LostAnswer) => {
            error(StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalServerError" }))
        }
        answer => upstream_response(answer),
    }
}

/// Converts the upstream's answer into a response. 502 if the upstream did not answer.
pub(crate) fn upstream_response(answer: Result<(StatusCode, HeaderMap, Bytes)>) -> Response {
    match answer {
        Ok((status, mut headers, body)) => {
            headers.remove("content-length");
            headers.remove("transfer-encoding");
            // Counting may have changed the body, so that the emulator's checksum no longer matches.
            headers.remove("x-amz-crc32");
            (status, headers, body).into_response()
        }
        Err(cause) => (StatusCode::BAD_GATEWAY, format!("{cause:#}")).into_response(),
    }
}

/// The AWS operation of a request. DynamoDB names it in `x-amz-target`. For S3 it follows from the method and
/// `x-amz-copy-source`.
fn operation(parts: &Parts) -> String {
    if let Some(target) = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let copy = parts.headers.contains_key("x-amz-copy-source");
    let operation = match parts.method.as_str() {
        "PUT" if copy => "CopyObject",
        "PUT" => "PutObject",
        "POST" => "DeleteObjects",
        _ => "GetObject",
    };
    operation.to_owned()
}

async fn counted(
    proxy: &FaultProxy,
    operation: &str,
    parts: &Parts,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes)> {
    let mut asked: Value = serde_json::from_slice(&body)?;
    asked["ReturnConsumedCapacity"] = json!("TOTAL");
    let (release, released) = oneshot::channel();
    let is_first = {
        let mut record = proxy.record();
        record.operations.push(operation.to_owned());
        record.held.push(release);
        record.held.len() == 1
    };
    if is_first {
        tokio::spawn(proxy.clone().release());
    }
    released.await?;
    let answer = proxy.forward(parts, Bytes::from(asked.to_string())).await?;
    let told: Value = serde_json::from_slice(&answer.2)?;
    let one = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or(0.0);
    let units = match &told["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(one).sum(),
        table => one(table),
    };
    let mut record = proxy.record();
    if ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&operation) {
        record.traffic.reads += units;
    } else {
        record.traffic.writes += units;
    }
    Ok(answer)
}

pub(crate) fn error(status: StatusCode, body: Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}

pub(crate) fn refusal(fault: Fault, operation: &str, body: &Bytes) -> Option<Response> {
    let named = |name: &str, message: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": message });
    let answer = match fault {
        Fault::Pass | Fault::LostAnswer | Fault::Slow => return None,
        Fault::Unavailable => {
            let page = "<html><body><b>Http/1.1 Service Unavailable</b></body></html>";
            return Some((StatusCode::SERVICE_UNAVAILABLE, [("content-type", "text/html")], page).into_response());
        }
        Fault::Throttle if operation.contains("Object") => {
            let body = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
            return Some(
                (StatusCode::SERVICE_UNAVAILABLE, [("content-type", "application/xml")], body).into_response(),
            );
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
    Some(error(StatusCode::BAD_REQUEST, answer))
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
