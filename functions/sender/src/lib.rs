//! Delivers events to webhooks (spec section 12). A message of the queue is hidden until it is due, and gone when its event is
//! delivered or given up; what came of each attempt is in the table. At least once: whatever is not certainly done comes again.

mod endpoint;

use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use shared::batch_response::BatchResponse;
use shared::deadline;
use shared::error::Error;
use shared::model::{DeliveredEvent, Delivery, Dispatch, Due, FeedEvent, Message, Ping, Timestamp, Webhook};
use shared::queue::Queue;
use shared::table::{Delivering, Table};
use shared::telemetry::TARGET;

pub use endpoint::Endpoints;

/// How long an attempt takes, and noting it.
const LONGEST: Duration = Duration::from_secs(18);

/// What Lambda receives from a queue of SQS.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
#[derive(Clone, Debug, Deserialize)]
pub struct QueueEvent {
    #[serde(rename = "Records")]
    records: Vec<Received>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    message_id: String,
    receipt_handle: String,
    body: String,
}

/// What the sender uses.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Where events, webhooks and deliveries are.
    pub table: Table,
    /// Where messages come from.
    pub deliveries: Queue,
    /// What is out there.
    pub endpoints: Endpoints,
}

/// Whether a message is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// Nothing more is to be done about it.
    Yes,
    /// It is to come again after so long.
    After(Duration),
}

impl Done {
    fn until(next: Option<Timestamp>, now: Timestamp) -> Self {
        let pause = |next: Timestamp| next.as_millisecond().saturating_sub(now.as_millisecond()).max(0).unsigned_abs();
        next.map_or(Self::Yes, |next| Self::After(Duration::from_millis(pause(next))))
    }
}

/// What is sent.
struct Payload {
    event: DeliveredEvent,
    json: String,
}

impl Sender {
    /// Delivers a batch, all of it at once.
    pub async fn run(&self, event: QueueEvent, now: Timestamp) -> BatchResponse {
        let messages = event.records.into_iter().map(|received| async move {
            let stays = match self.deliver(&received.body, now).await {
                Ok(Done::Yes) => false,
                Ok(Done::After(pause)) => {
                    // When this fails it comes again sooner, and is hidden then.
                    if let Err(error) = self.deliveries.hide(&received.receipt_handle, pause).await {
                        tracing::warn!(error = %error, "a message was not hidden");
                    }
                    true
                }
                Err(error) => {
                    tracing::error!(target: TARGET, messageId = received.message_id, error = %error, "not delivered");
                    true
                }
            };
            stays.then_some(received.message_id)
        });
        join_all(messages).await.into_iter().flatten().collect()
    }

    async fn deliver(&self, body: &str, now: Timestamp) -> Result<Done, Error> {
        let dispatch: Dispatch = serde_json::from_str(body).map_err(|_| Error::internal("a message does not parse"))?;
        let Delivering { webhook, event, delivery } = self.table.delivering(&dispatch).await?;
        // Nobody is there any more, or nothing to be told.
        let Some(webhook) = webhook else { return Ok(Done::Yes) };
        let Some(payload) = Payload::of(&dispatch, event)? else { return Ok(Done::Yes) };
        match Delivery::due(delivery.as_ref(), &dispatch, now) {
            Due::Never => return Ok(Done::Yes),
            Due::At(next) => return Ok(Done::until(Some(next), now)),
            Due::Now => {}
        }
        if !webhook.active {
            let give_up = |delivery: Delivery, raced| if raced { delivery } else { delivery.given_up() };
            self.table.note_delivery(&dispatch, &payload.event, delivery, give_up).await?;
            return Ok(Done::Yes);
        }
        self.attempt(&dispatch, &webhook, &payload, delivery, now).await
    }

    async fn attempt(
        &self,
        dispatch: &Dispatch,
        webhook: &Webhook,
        payload: &Payload,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Result<Done, Error> {
        // An attempt that cannot be noted would be made again.
        if deadline::remaining() < LONGEST {
            return Err(Error::unavailable("too late to begin"));
        }
        let (attempt, retry_after) = self.endpoints.post(webhook, &payload.event.id, &payload.json, now).await?;
        let (outcome, random) = (attempt.outcome(), fastrand::f64());
        let after = self
            .table
            .note_delivery(dispatch, &payload.event, delivery, |delivery, raced| match raced {
                false => delivery.after(attempt.clone(), retry_after, random),
                true => delivery.beside(attempt.clone()),
            })
            .await?;
        self.table.note_outcome(&dispatch.team, webhook, outcome, now).await?;
        let status = attempt.status.unwrap_or(0);
        let (team, webhook) = (dispatch.team.as_str(), webhook.id.get());
        tracing::info!(target: TARGET, team, webhook, status, ms = attempt.duration, tries = after.tries, "delivery");
        Ok(Done::until(after.next_attempt_at, now))
    }
}

impl Payload {
    /// `None` for an event that is not kept any more.
    fn of(dispatch: &Dispatch, event: Option<FeedEvent>) -> Result<Option<Self>, Error> {
        let fault = |error| Error::caused_by("an event does not parse", &error);
        match (&dispatch.message, event) {
            (Message::Event(_), None) => Ok(None),
            (Message::Event(_), Some(event)) => {
                let json = event.json.get().to_owned();
                Ok(Some(Self { event: serde_json::from_str(&json).map_err(fault)?, json }))
            }
            (Message::Ping { id, at }, _) => {
                let ping = Ping { id: id.clone(), event_type: Ping::TYPE, created_at: *at };
                let event = DeliveredEvent { id: id.clone(), event_type: Ping::TYPE.to_owned(), created_at: *at };
                Ok(Some(Self { event, json: json!(ping).to_string() }))
            }
        }
    }
}
