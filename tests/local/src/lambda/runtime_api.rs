//! A server of the Lambda Runtime API for the process of one function.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Maximum time to wait for the function's next call: the longest timeout of a function in `template.yaml`.
const MAX_INVOCATION_TIME: Duration = Duration::from_secs(300);

enum RuntimeCall {
    Polled(Instant),
    Answered(Instant, Bytes),
    Failed(Bytes),
}

struct ServerState {
    calls: mpsc::UnboundedSender<RuntimeCall>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
}

/// The Runtime API server of one function. The server stops on drop.
pub struct RuntimeApi {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<RuntimeCall>,
    events: mpsc::UnboundedSender<String>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Starts the server on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start_server() -> Result<Self> {
        let (calls, received) = mpsc::unbounded_channel();
        let (events, queue) = mpsc::unbounded_channel();
        let shared = Arc::new(ServerState { calls, events: Mutex::new(queue) });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(handle_next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(handle_response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(handle_error))
            .route("/2018-06-01/runtime/init/error", post(handle_error))
            .with_state(shared);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { address, calls: received, events, server })
    }

    /// Address of the Runtime API server.
    pub fn server_address(&self) -> SocketAddr {
        self.address
    }

    async fn next_call(&mut self) -> Result<RuntimeCall> {
        timeout(MAX_INVOCATION_TIME, self.calls.recv()).await?.context("nobody calls any more")
    }

    /// Waits until the function polls for its first event, and returns the time of that poll.
    ///
    /// # Errors
    /// If the function fails before its first poll, or does not poll in time.
    pub async fn wait_for_first_poll(&mut self) -> Result<Instant> {
        match self.next_call().await? {
            RuntimeCall::Polled(at) => Ok(at),
            RuntimeCall::Answered(..) => anyhow::bail!("it answered before it was asked"),
            RuntimeCall::Failed(cause) => anyhow::bail!("it did not start: {}", String::from_utf8_lossy(&cause)),
        }
    }

    /// Sends an event to the function and waits until the function polls for the next event. Returns the answer, and
    /// the time from sending the event to the answer.
    ///
    /// # Errors
    /// If the function fails, or takes longer than the longest timeout of a function in `template.yaml`.
    pub async fn invoke_runtime(&mut self, event: &Value) -> Result<(Value, Duration)> {
        let sent = Instant::now();
        self.events.send(event.to_string())?;
        let mut answer = None;
        loop {
            match self.next_call().await? {
                RuntimeCall::Answered(at, body) => {
                    answer = Some((serde_json::from_slice(&body)?, at.duration_since(sent)))
                }
                RuntimeCall::Polled(_) => return answer.context("it polled before it answered"),
                RuntimeCall::Failed(cause) => anyhow::bail!("it failed: {}", String::from_utf8_lossy(&cause)),
            }
        }
    }
}

async fn handle_next(State(shared): State<Arc<ServerState>>) -> Response {
    shared.calls.send(RuntimeCall::Polled(Instant::now())).ok();
    let Some(event) = shared.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:bench"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
        ("content-type", "application/json"),
    ];
    (headers, event).into_response()
}

async fn handle_response(State(shared): State<Arc<ServerState>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    shared.calls.send(RuntimeCall::Answered(Instant::now(), body)).ok();
    StatusCode::ACCEPTED
}

async fn handle_error(State(shared): State<Arc<ServerState>>, body: Bytes) -> StatusCode {
    shared.calls.send(RuntimeCall::Failed(body)).ok();
    StatusCode::ACCEPTED
}
