//! Delivers events to webhooks (spec section 12). What is to be sent later is put into the queue again, delayed, before the
//! message is done with; what came of each attempt is in the table. At least once: whatever is not certainly done comes again.

mod endpoint;

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use shared::batch_response::BatchResponse;
use shared::deadline;
use shared::error::Error;
use shared::model::{DeliveredEvent, Delivery, Dispatch, Due, FeedEvent, Message, Ping, Scheduled, Timestamp, Webhook};
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
    body: String,
}

/// What the sender uses.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Where events, webhooks and deliveries are.
    pub table: Table,
    /// Where messages come from, and go that are to come later.
    pub deliveries: Queue,
    /// What is out there.
    pub endpoints: Endpoints,
}

/// What is sent.
struct Payload {
    event: DeliveredEvent,
    json: String,
}

impl Sender {
    /// Delivers a batch, all of it at once.
    pub async fn run(&self, event: QueueEvent, now: Timestamp) -> BatchResponse {
        let (mut waiting, mut due, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for Received { message_id, body } in event.records {
            match serde_json::from_str::<Scheduled>(&body) {
                Ok(scheduled) if scheduled.due.is_some_and(|due| now < due) => waiting.push((message_id, scheduled)),
                Ok(Scheduled { dispatch, .. }) => due.push((message_id, dispatch)),
                Err(error) => failed.push(not_delivered(message_id, &error)),
            }
        }
        let deliveries = due.into_iter().map(|(message_id, dispatch)| async move {
            let delivered = self.deliver(&dispatch, now).await;
            delivered.err().map(|error| not_delivered(message_id, &error))
        });
        let (put_back, delivered) = tokio::join!(self.put_back(waiting, now), join_all(deliveries));
        failed.into_iter().chain(put_back).chain(delivered.into_iter().flatten()).collect()
    }

    /// Puts back what is not due yet; gives what could not be.
    async fn put_back(&self, waiting: Vec<(String, Scheduled)>, now: Timestamp) -> Vec<String> {
        let (message_ids, scheduled): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        match self.deliveries.schedule(&scheduled, now).await {
            Ok(()) => Vec::new(),
            Err(error) => message_ids.into_iter().map(|message_id| not_delivered(message_id, &error)).collect(),
        }
    }

    async fn deliver(&self, dispatch: &Dispatch, now: Timestamp) -> Result<(), Error> {
        let Delivering { webhook, event, delivery } = self.table.delivering(dispatch).await?;
        // Nobody is there any more, or nothing to be told.
        let Some(webhook) = webhook else { return Ok(()) };
        let Some(payload) = Payload::of(dispatch, event)? else { return Ok(()) };
        match Delivery::due(delivery.as_ref(), dispatch, now) {
            Due::Never => Ok(()),
            Due::At(next) => self.later(dispatch, next, now).await,
            Due::Now if webhook.active => self.attempt(dispatch, &webhook, &payload, delivery, now).await,
            Due::Now => {
                let give_up = |delivery: Delivery, raced| if raced { delivery } else { delivery.given_up() };
                self.table.note_delivery(dispatch, &payload.event, delivery, give_up).await?;
                Ok(())
            }
        }
    }

    async fn later(&self, dispatch: &Dispatch, next: Timestamp, now: Timestamp) -> Result<(), Error> {
        self.deliveries.schedule(&[Scheduled { dispatch: dispatch.clone(), due: Some(next) }], now).await
    }

    async fn attempt(
        &self,
        dispatch: &Dispatch,
        webhook: &Webhook,
        payload: &Payload,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let began = Instant::now();
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
        match after.next_attempt_at {
            Some(next) => self.later(dispatch, next, now.plus(began.elapsed())).await,
            None => Ok(()),
        }
    }
}

/// It comes again when the queue has waited for it long enough.
fn not_delivered(message_id: String, error: &dyn fmt::Display) -> String {
    tracing::error!(target: TARGET, messageId = message_id, error = %error, "not delivered");
    message_id
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
