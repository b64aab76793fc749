//! A door before a DynamoDB or an S3: it counts what passes, and fails what it is told to, as AWS would and emulators
//! never do.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
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

/// How long each request is held while traffic is counted, so that those sent together are under way together.
const HOLD: Duration = Duration::from_millis(15);

/// What passed since [`Door::count`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Requests in sequence: the longest chain in which each began after the one before had its answer.
    pub trips: u32,
    /// Read units.
    pub reads: f64,
    /// Write units, those of the indexes included.
    pub writes: f64,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None: it passes.
    Pass,
    /// A transaction meets another one; nothing is written.
    Conflict,
    /// The service is too busy; nothing is done.
    Throttle,
    /// It is done, but the answer says that the service failed.
    LostAnswer,
}

#[derive(Default)]
struct Record {
    counting: bool,
    /// The longest chain that has its answer.
    answered: u32,
    traffic: Traffic,
    faults: VecDeque<(&'static str, Fault)>,
    operations: Vec<String>,
}

/// The door.
#[derive(Clone)]
pub struct Door {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    record: Arc<Mutex<Record>>,
}

impl Door {
    /// Opens a door before `upstream`.
    pub(crate) async fn open(upstream: String) -> Result<(Self, SocketAddr)> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let door = Self { upstream, client, record: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = axum::Router::new().fallback(pass).with_state(door.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok((door, address))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts from now on.
    pub fn count(&self) {
        let mut record = self.record();
        record.counting = true;
        record.traffic = Traffic::default();
        record.answered = 0;
        record.operations.clear();
    }

    /// What passed, and the operations in the order in which they came.
    pub fn counted(&self) -> (Traffic, Vec<String>) {
        let mut record = self.record();
        record.counting = false;
        (record.traffic, std::mem::take(&mut record.operations))
    }

    /// Fails the next requests for an operation (`TransactWriteItems`, `PutObject`), each as the next of `faults` says.
    pub fn fail(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.record().faults.extend(faults.into_iter().map(|fault| (operation, fault)));
    }

    /// Faults that nothing met.
    pub fn faults_left(&self) -> usize {
        self.record().faults.len()
    }

    async fn forward(&self, parts: &Parts, body: Bytes) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let to = format!("{}{}", self.upstream, parts.uri);
        let length = body.len();
        let mut request = hyper::Request::builder().method(&parts.method).uri(to).body(Full::new(body))?;
        // The host and the length are signed.
        request.headers_mut().clone_from(&parts.headers);
        if parts.headers.contains_key(header::CONTENT_LENGTH) {
            request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok((parts.status, parts.headers, body.collect().await?.to_bytes()))
    }
}

async fn pass(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let operation = operation(&parts);
    let (counting, fault) = {
        let mut record = door.record();
        let met = record.faults.iter().position(|(wanted, _)| *wanted == operation);
        (record.counting, met.and_then(|n| record.faults.remove(n)).map(|(_, fault)| fault))
    };
    if let Some(refusal) = fault.and_then(|fault| refusal(fault, &operation, &body)) {
        return refusal;
    }
    let answer =
        if counting { counted(&door, &operation, &parts, body).await } else { door.forward(&parts, body).await };
    match answer {
        Ok(_) if fault == Some(Fault::LostAnswer) => {
            error(StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalServerError" }))
        }
        Ok((status, mut headers, body)) => {
            headers.remove("content-length");
            headers.remove("transfer-encoding");
            // It is the checksum of what was asked for, not of what the counting added.
            headers.remove("x-amz-crc32");
            (status, headers, body).into_response()
        }
        Err(cause) => (StatusCode::BAD_GATEWAY, format!("{cause:#}")).into_response(),
    }
}

/// What a request asks for: DynamoDB names it in a header, S3 leaves it to be seen.
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

async fn counted(door: &Door, operation: &str, parts: &Parts, body: Bytes) -> Result<(StatusCode, HeaderMap, Bytes)> {
    let chain = {
        let mut record = door.record();
        record.operations.push(operation.to_owned());
        record.answered + 1
    };
    let mut asked: Value = serde_json::from_slice(&body)?;
    asked["ReturnConsumedCapacity"] = json!("TOTAL");
    tokio::time::sleep(HOLD).await;
    let answer = door.forward(parts, Bytes::from(asked.to_string())).await;
    let mut record = door.record();
    record.answered = record.answered.max(chain);
    record.traffic.trips = record.answered;
    let answer = answer?;
    let told: Value = serde_json::from_slice(&answer.2)?;
    let one = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or(0.0);
    let units = match &told["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(one).sum(),
        table => one(table),
    };
    if ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&operation) {
        record.traffic.reads += units;
    } else {
        record.traffic.writes += units;
    }
    drop(record);
    Ok(answer)
}

fn error(status: StatusCode, body: Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}

fn refusal(fault: Fault, operation: &str, body: &Bytes) -> Option<Response> {
    let answer = match fault {
        Fault::Pass | Fault::LostAnswer => return None,
        Fault::Throttle if operation.contains("Object") => {
            let body = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
            return Some(
                (StatusCode::SERVICE_UNAVAILABLE, [("content-type", "application/xml")], body).into_response(),
            );
        }
        Fault::Throttle => json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        }),
        Fault::Conflict => {
            let asked: Value = serde_json::from_slice(body).ok()?;
            let items = asked["TransactItems"].as_array().map_or(1, Vec::len);
            let mut reasons = vec![json!({ "Code": "None" }); items];
            reasons[items - 1] =
                json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
                "CancellationReasons": reasons,
            })
        }
    };
    Some(error(StatusCode::BAD_REQUEST, answer))
}
