//! Emulates SQS: SendMessageBatch, the only call that functions make, in the wire format of SQS, and the pollers that
//! invoke functions with messages. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use tokio::sync::{Notify, Semaphore};

use crate::clock::SimulatedClock;
use crate::lineage;
use crate::storage;
use crate::template::QueueProperties;

/// AWS account id in queue URLs and ARNs.
const ACCOUNT_ID: &str = "000000000000";
/// Maximum delay that a sender may request for a message.
const MAX_DELAY: Duration = Duration::from_secs(15 * 60);
/// Interval at which a poller checks for messages that have become visible.
const QUEUE_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A message in an SQS queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct QueuedMessage {
    id: String,
    group: Option<String>,
    body: String,
    /// Time at which the message becomes visible. Until then the message is delayed or in flight.
    visible_at: Timestamp,
    receives: u32,
    /// Receipt handle of the last receive.
    receipt: String,
    /// Whether a function is processing the message.
    #[serde(skip)]
    in_flight: bool,
    /// Number of turns of a recursive loop, see [`lineage`].
    turns: u32,
    /// Name of the queue that the message comes from, if the message is in a dead-letter queue.
    dead_letter_of: Option<String>,
}

#[derive(Default)]
struct QueueState {
    properties: QueueProperties,
    messages: Vec<QueuedMessage>,
}

/// The emulated SQS queues of a stack. Cheap to clone; all clones share the messages.
#[derive(Clone, Default)]
pub struct LocalQueues {
    clock: SimulatedClock,
    /// Probability (0 to 1) of each fault: a failed request, a lost answer, a failed or a duplicated message.
    faults: f64,
    stored: Arc<Mutex<HashMap<String, QueueState>>>,
    arrived: Arc<Notify>,
    /// Folder that stores each message in a file, in a subfolder for each queue.
    folder: Option<PathBuf>,
}

/// Event source mapping from a queue to a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueuePollerConfig {
    /// Maximum number of messages in one invocation.
    pub batch: usize,
    /// Maximum number of concurrent invocations.
    pub at_once: usize,
    /// Whether the function may send messages to its own queue without loop detection (`RecursiveLoop: Allow`).
    pub allows_loops: bool,
}

impl LocalQueues {
    /// Starts an SQS server with the template's queues. Returns the queues and the server's address.
    pub(crate) async fn start_sqs(
        bind: IpAddr,
        port: u16,
        properties: HashMap<String, QueueProperties>,
        clock: SimulatedClock,
        faults: f64,
        folder: Option<PathBuf>,
    ) -> Result<(Self, SocketAddr)> {
        let mut stored = HashMap::new();
        for (name, properties) in properties {
            let messages = folder.as_ref().map(|folder| load_messages(&folder.join(&name))).transpose()?;
            stored.insert(name, QueueState { properties, messages: messages.unwrap_or_default() });
        }
        let stored = Arc::new(Mutex::new(stored));
        let queues = Self { clock, faults, stored, arrived: Arc::default(), folder };
        let listener = storage::bind_tcp_listener(bind, port).await?;
        let address = listener.local_addr()?;
        let service = Router::new().fallback(handle_sqs_request).with_state(queues.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok((queues, address))
    }

    /// The URL of a queue at an SQS endpoint.
    pub(crate) fn queue_url(endpoint: &str, name: &str) -> String {
        format!("{endpoint}/{ACCOUNT_ID}/{name}")
    }

    fn lock_queues(&self) -> MutexGuard<'_, HashMap<String, QueueState>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bodies of all messages in a queue, including delayed ones and those in flight.
    pub fn message_bodies(&self, name: &str) -> Vec<String> {
        let stored = self.lock_queues();
        stored.get(name).into_iter().flat_map(|queue| &queue.messages).map(|message| message.body.clone()).collect()
    }

    /// Number of messages in flight: received and neither deleted nor visible again. SQS delivers none while 120,000
    /// are in flight. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
    pub fn count_in_flight_messages(&self, name: &str) -> usize {
        let (now, stored) = (self.clock.current_time(), self.lock_queues());
        let messages = stored.get(name).into_iter().flat_map(|queue| &queue.messages);
        messages.filter(|message| message.receives > 0 && message.visible_at > now).count()
    }

    /// Whether any function is processing a message.
    pub fn has_message_in_process(&self) -> bool {
        self.lock_queues().values().any(|queue| queue.messages.iter().any(|message| message.in_flight))
    }

    /// Adds a message to a queue and returns the message's id.
    pub fn send_message(&self, name: &str, group: Option<&str>, body: &str) -> String {
        self.send_delayed_message(name, group, body, Duration::ZERO, 0)
    }

    fn send_delayed_message(&self, name: &str, group: Option<&str>, body: &str, delay: Duration, turns: u32) -> String {
        let id = format!("{:032x}", fastrand::u128(..));
        let message = QueuedMessage {
            id: id.clone(),
            group: group.map(str::to_owned),
            body: body.to_owned(),
            visible_at: self.clock.current_time().saturating_add(delay),
            receives: 0,
            receipt: String::new(),
            in_flight: false,
            turns,
            dead_letter_of: None,
        };
        if let Some(queue) = self.lock_queues().get_mut(name) {
            self.write_message_file(name, &message);
            queue.messages.push(message);
        }
        self.arrived.notify_one();
        id
    }

    /// Stores a message as a file, if there is a folder. Panics if that fails, because a queue must not lose messages.
    fn write_message_file(&self, name: &str, message: &QueuedMessage) {
        if let Some(folder) = &self.folder {
            let file = folder.join(name).join(&message.id);
            let written = serde_json::to_vec(message).map_err(Into::into).and_then(|json| std::fs::write(&file, json));
            written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }

    fn remove_message_file(&self, name: &str, message: &QueuedMessage) {
        if let Some(folder) = &self.folder {
            // If the file cannot be removed, the message is delivered again after a restart.
            std::fs::remove_file(folder.join(name).join(&message.id)).ok();
        }
    }

    fn send_batch(&self, asked: &Value, turns: u32) -> Option<Value> {
        let name = queue_name(asked)?;
        let (mut sent, mut failed) = (Vec::new(), Vec::new());
        for entry in asked["Entries"].as_array()? {
            if self.draws_random_fault() {
                failed.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
                continue;
            }
            let delay = Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or(0));
            if delay > MAX_DELAY {
                failed.push(json!({ "Id": entry["Id"], "Code": "InvalidParameterValue", "SenderFault": true }));
                continue;
            }
            let body = entry["MessageBody"].as_str().unwrap_or_default();
            let put = || self.send_delayed_message(name, entry["MessageGroupId"].as_str(), body, delay, turns);
            // SQS may deliver a message twice, so a fault adds the message twice.
            if self.draws_random_fault() {
                put();
            }
            sent.push(json!({ "Id": entry["Id"], "MessageId": put(), "MD5OfMessageBody": "" }));
        }
        Some(json!({ "Successful": sent, "Failed": failed }))
    }

    fn draws_random_fault(&self) -> bool {
        fastrand::f64() < self.faults
    }

    /// Receives at most `most` messages, first from the message groups with the fewest messages in flight, as fair
    /// queues do. Also returns the highest number of turns (loops through the function) of these messages.
    fn receive_batch(&self, name: &str, most: usize, allows_loops: bool) -> (Vec<Value>, u32) {
        let now = self.clock.current_time();
        let mut stored = self.lock_queues();
        let Some(queue) = stored.get_mut(name) else { return (Vec::new(), 0) };
        let QueueProperties { visibility, most_receives, dead_letters } = queue.properties.clone();
        let mut dead = Vec::new();
        if let Some(most) = most_receives {
            let is_dead = |message: &mut QueuedMessage| message.visible_at <= now && message.receives >= most;
            dead.extend(queue.messages.extract_if(.., is_dead));
        }
        let is_loop =
            |message: &mut QueuedMessage| message.visible_at <= now && message.turns >= lineage::MAX_LOOP_TURNS;
        if !allows_loops {
            dead.extend(queue.messages.extract_if(.., is_loop));
        }
        let mut under_way: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for message in queue.messages.iter().filter(|message| message.in_flight && message.visible_at > now) {
            *under_way.entry(message.group.clone()).or_default() += 1;
        }
        let (mut received, mut turns) = (Vec::new(), 0);
        while received.len() < most {
            let due = queue.messages.iter_mut().filter(|message| message.visible_at <= now);
            let load = |message: &&mut QueuedMessage| under_way.get(&message.group).copied().unwrap_or(0);
            let Some(next) = due.min_by_key(load) else { break };
            next.receives += 1;
            next.receipt = format!("{:032x}", fastrand::u128(..));
            next.visible_at = now.saturating_add(visibility);
            next.in_flight = true;
            *under_way.entry(next.group.clone()).or_default() += 1;
            turns = turns.max(next.turns);
            let mut attributes = json!({ "ApproximateReceiveCount": next.receives.to_string() });
            if let Some(source) = &next.dead_letter_of {
                attributes["DeadLetterQueueSourceArn"] = json!(queue_arn(source));
            }
            received.push(json!({
                "messageId": next.id,
                "receiptHandle": next.receipt,
                "body": next.body,
                "attributes": attributes,
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn(name),
                "awsRegion": storage::AWS_REGION,
            }));
        }
        for dead in dead {
            self.remove_message_file(name, &dead);
            if let Some((to, queue)) = dead_letters.as_ref().and_then(|to| Some((to, stored.get_mut(to)?))) {
                let dead =
                    QueuedMessage { visible_at: now, receives: 0, dead_letter_of: Some(name.to_owned()), ..dead };
                self.write_message_file(to, &dead);
                queue.messages.push(dead);
            }
        }
        (received, turns)
    }

    /// Deletes the messages that a function has processed. Failed messages stay invisible until their visibility
    /// timeout ends.
    fn delete_processed(&self, name: &str, received: &[Value], failed: Option<&[&str]>) {
        let mut stored = self.lock_queues();
        let Some(queue) = stored.get_mut(name) else { return };
        queue.messages.retain_mut(|message| {
            let ours = received.iter().any(|one| one["receiptHandle"] == message.receipt.as_str());
            if ours {
                message.in_flight = false;
            }
            let stays = !ours || failed.is_none_or(|failed| failed.contains(&message.id.as_str()));
            if !stays {
                self.remove_message_file(name, message);
            }
            stays
        });
    }

    /// Polls a queue forever, and invokes a function with each batch of received messages.
    pub(crate) async fn poll_and_invoke<F, R>(&self, name: &str, poller: QueuePollerConfig, invoke: F)
    where
        F: Fn(u32, Value) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<Value>> + Send + 'static,
    {
        let slots = Arc::new(Semaphore::new(poller.at_once));
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let (received, turns) = self.receive_batch(name, poller.batch, poller.allows_loops);
            if received.is_empty() {
                drop(slot);
                tokio::time::timeout(QUEUE_POLL_INTERVAL, self.arrived.notified()).await.ok();
                continue;
            }
            let (queues, name, invoke) = (self.clone(), name.to_owned(), invoke.clone());
            tokio::spawn(async move {
                let answer = invoke(turns + 1, json!({ "Records": received })).await;
                match &answer {
                    Ok(answer) => {
                        let failed = answer["batchItemFailures"].as_array().into_iter().flatten();
                        let failed: Vec<&str> = failed.filter_map(|one| one["itemIdentifier"].as_str()).collect();
                        queues.delete_processed(&name, &received, Some(&failed));
                    }
                    // A failed invocation has processed none of its messages.
                    Err(_) => queues.delete_processed(&name, &received, None),
                }
                drop(slot);
            });
        }
    }
}

/// Loads the messages of a queue from its folder, and creates the folder if necessary.
fn load_messages(folder: &Path) -> Result<Vec<QueuedMessage>> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot use {}", folder.display()))?;
    let mut messages = Vec::new();
    for file in std::fs::read_dir(folder)? {
        // Skips an incomplete file, which a killed process has left.
        messages.extend(serde_json::from_slice::<QueuedMessage>(&std::fs::read(file?.path())?).ok());
    }
    messages.sort_by_key(|message| message.visible_at);
    Ok(messages)
}

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{}:{ACCOUNT_ID}:{name}", storage::AWS_REGION)
}

fn queue_name(asked: &Value) -> Option<&str> {
    asked["QueueUrl"].as_str()?.rsplit('/').next()
}

async fn handle_sqs_request(State(queues): State<LocalQueues>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let content_type = [("content-type", "application/x-amz-json-1.0")];
    let busy = || {
        let fault = json!({ "__type": "ServiceUnavailable" }).to_string();
        (StatusCode::SERVICE_UNAVAILABLE, content_type, fault).into_response()
    };
    if queues.draws_random_fault() {
        return busy();
    }
    let answered = match operation {
        "AmazonSQS.SendMessageBatch" => queues.send_batch(&asked, lineage::of(&headers)),
        _ => None,
    };
    // A fault here means that the request was executed and its answer is lost.
    if queues.draws_random_fault() {
        return busy();
    }
    match answered.context("not asked as functions ask") {
        Ok(answered) => (content_type, answered.to_string()).into_response(),
        Err(error) => {
            let fault = json!({ "__type": "InvalidParameterValue", "message": error.to_string() });
            (StatusCode::BAD_REQUEST, content_type, fault.to_string()).into_response()
        }
    }
}
