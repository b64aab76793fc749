//! Delivers events to webhooks, at least once: the sender acknowledges an SQS message only after it has stored the
//! attempt and queued the next one.

mod allowlist_resolver;
mod endpoint;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use shared::api::Ping;
use shared::domain::error::Error;
use shared::domain::{
    AttemptOutcome, DeliveredEvent, Delivery, DeliveryContent, DeliveryJob, DeliveryQueueKind, FeedEvent, NextStep,
    ScheduledJob, TeamId, Timestamp, Webhook, WebhookId,
};
use shared::platform::deadline;
use shared::platform::queue::DeliveryQueues;
use shared::platform::telemetry::LOG_TARGET;
use shared::store::{DeliveryContext, WebhookStore};

pub use endpoint::EndpointClients;

/// Time reserved for recording an attempt.
const RECORDING_RESERVE: Duration = Duration::from_secs(3);
/// Minimum time for which this Lambda environment sends nothing to an endpoint that gave no answer, in seconds. A
/// random extension of up to the same length is added. Without this pause, the endpoint's jobs would delay those of
/// other slow endpoints.
const MIN_UNRESPONSIVE_PAUSE_SECONDS: f64 = 15.0;

/// SQS attribute of a message from a dead-letter queue: the queue from which it was moved there.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
const DEAD_LETTER_SOURCE_ATTRIBUTE: &str = "DeadLetterQueueSourceArn";

/// State of the sender function.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    /// Store of webhooks, their deliveries, and the events to deliver.
    pub table: WebhookStore,
    /// The delivery queues.
    pub deliveries: DeliveryQueues,
    /// HTTP clients that post events to the webhooks' endpoints.
    pub endpoints: EndpointClients,
    /// Webhooks whose endpoints timed out. Nothing is sent to them for some seconds.
    pub unresponsive: UnresponsiveEndpoints,
}

/// Webhooks whose endpoint timed out at the last attempt, each with the time until which nothing is sent to the
/// endpoint.
#[derive(Clone, Debug, Default)]
pub struct UnresponsiveEndpoints(Arc<Mutex<HashMap<(TeamId, WebhookId), Timestamp>>>);

impl UnresponsiveEndpoints {
    fn lock(&self) -> MutexGuard<'_, HashMap<(TeamId, WebhookId), Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause_endpoint(&self, job: &DeliveryJob, now: Timestamp) {
        let mut paused = self.lock();
        paused.retain(|_, until| now < *until);
        let pause = SignedDuration::try_from_secs_f64(MIN_UNRESPONSIVE_PAUSE_SECONDS * (1.0 + fastrand::f64()))
            .unwrap_or_default();
        paused.insert((job.team.clone(), job.webhook), now.saturating_add(pause));
    }

    fn paused_until(&self, job: &DeliveryJob, now: Timestamp) -> Option<Timestamp> {
        self.lock().get(&(job.team.clone(), job.webhook)).copied().filter(|until| now < *until)
    }
}

/// The event or ping to send, with its JSON.
struct DeliveryPayload {
    event: DeliveredEvent,
    json: String,
}

impl WebhookSender {
    /// Delivers a batch of SQS messages concurrently. Lambda removes all messages of the batch from the queue except
    /// the failed ones.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
    pub async fn run(&self, event: SqsEvent, now: Timestamp) -> SqsBatchResponse {
        let (mut waiting, mut due, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for message in event.records {
            let message_id = message.message_id.unwrap_or_default();
            match serde_json::from_str::<ScheduledJob>(&message.body.unwrap_or_default()) {
                Ok(scheduled) if message.attributes.contains_key(DEAD_LETTER_SOURCE_ATTRIBUTE) => {
                    due.push((message_id, scheduled, true))
                }
                Ok(scheduled) if scheduled.due.is_some_and(|due| now < due) => waiting.push((message_id, scheduled)),
                Ok(scheduled) => due.push((message_id, scheduled, false)),
                Err(error) => failed.push(log_failed_message(message_id, &error)),
            }
        }
        let deliveries = due.into_iter().map(|(message_id, scheduled, is_dead)| async move {
            let done = if is_dead {
                self.record_dead_letter(&scheduled.job, now).await
            } else {
                match self.process_job(&scheduled, now).await {
                    Err(error) => self.requeue_after_fault(error, &scheduled, now).await,
                    Ok(()) => Ok(()),
                }
            };
            done.err().map(|error| log_failed_message(message_id, &error))
        });
        let (put_back, delivered) = tokio::join!(self.requeue_waiting(waiting, now), join_all(deliveries));
        let mut answer = SqsBatchResponse::default();
        answer.set_failures(failed.into_iter().chain(put_back).chain(delivered.into_iter().flatten()));
        answer
    }

    /// Queues jobs again that are not due yet. Returns the ids of the messages whose job could not be queued.
    async fn requeue_waiting(&self, waiting: Vec<(String, ScheduledJob)>, now: Timestamp) -> Vec<String> {
        let (message_ids, scheduled): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        match self.deliveries.send_jobs(&scheduled, now).await {
            Ok(()) => Vec::new(),
            Err(error) => message_ids.into_iter().map(|message_id| log_failed_message(message_id, &error)).collect(),
        }
    }

    /// Queues a job again with a delay of some seconds after a fault of ours. The visibility timeout would delay the
    /// job by three minutes. Returns `error` if the fault is not temporary or occurred too often.
    async fn requeue_after_fault(&self, error: Error, scheduled: &ScheduledJob, now: Timestamp) -> Result<(), Error> {
        match scheduled.requeued_after_fault(now).filter(|_| error.retry_after().is_some()) {
            Some(again) => {
                tracing::warn!(target: LOG_TARGET, error = %error, faults = again.faults, "a delivery is put back");
                self.deliveries.send_jobs(&[again], now).await
            }
            None => Err(error),
        }
    }

    /// Records that the delivery of a message from the dead-letter queue has failed, so that a replay includes the
    /// delivery.
    async fn record_dead_letter(&self, job: &DeliveryJob, now: Timestamp) -> Result<(), Error> {
        let DeliveryContext { webhook, event, delivery } = self.table.delivery_context(job).await?;
        let is_decided = Delivery::next_step(delivery.as_ref(), job, now) == NextStep::Drop;
        let Some(payload) = DeliveryPayload::of(job, event)?.filter(|_| webhook.is_some() && !is_decided) else {
            return Ok(());
        };
        tracing::error!(target: LOG_TARGET, team = job.team.as_str(), webhook = job.webhook.get(), "delivery given up");
        self.mark_delivery_failed(job, &payload, delivery).await
    }

    async fn mark_delivery_failed(
        &self,
        job: &DeliveryJob,
        payload: &DeliveryPayload,
        delivery: Option<Delivery>,
    ) -> Result<(), Error> {
        let give_up = |delivery: Delivery, raced| if raced { delivery } else { delivery.abandon_delivery() };
        self.table.record_delivery(job, &payload.event, delivery, give_up).await.map(drop)
    }

    async fn process_job(&self, scheduled: &ScheduledJob, now: Timestamp) -> Result<(), Error> {
        let ScheduledJob { job, lane, .. } = scheduled;
        let DeliveryContext { webhook, event, delivery } = self.table.delivery_context(job).await?;
        // Nothing is sent if the webhook was deleted or the event has expired.
        let Some(webhook) = webhook else { return Ok(()) };
        let Some(payload) = DeliveryPayload::of(job, event)? else { return Ok(()) };
        let later = async |due, lane| {
            self.deliveries.send_jobs(&[ScheduledJob { due, ..ScheduledJob::immediate(job.clone(), lane) }], now).await
        };
        match Delivery::next_step(delivery.as_ref(), job, now) {
            NextStep::Drop => Ok(()),
            NextStep::At(next) => later(Some(next), webhook.delivery_queue(now)).await,
            NextStep::Now if !webhook.active => self.mark_delivery_failed(job, &payload, delivery).await,
            NextStep::Now
                if *lane == DeliveryQueueKind::Prompt && webhook.delivery_queue(now) == DeliveryQueueKind::Slow =>
            {
                later(None, DeliveryQueueKind::Slow).await
            }
            NextStep::Now => match self.unresponsive.paused_until(job, now) {
                Some(until) => later(Some(until), DeliveryQueueKind::Slow).await,
                None => self.attempt_delivery(scheduled, &webhook, &payload, delivery, now).await,
            },
        }
    }

    async fn attempt_delivery(
        &self,
        ScheduledJob { job, lane, .. }: &ScheduledJob,
        webhook: &Webhook,
        payload: &DeliveryPayload,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let patience = match lane {
            DeliveryQueueKind::Prompt => endpoint::PROMPT_DELIVERY_TIMEOUT,
            DeliveryQueueKind::Slow => endpoint::DELIVERY_TIMEOUT,
        };
        // An attempt that could not be recorded would be made again, so it must start with time left for recording.
        if deadline::time_left() < patience + RECORDING_RESERVE {
            return Err(Error::unavailable("too late to begin"));
        }
        let posted = self.endpoints.post_event(webhook, &payload.event.id, &payload.json, now, patience).await?;
        let Some((attempt, retry_after)) = posted else {
            // For the next hour, jobs of the webhook go to the slow queue, where the endpoint has the full timeout.
            self.table.record_outcome(&job.team, webhook, AttemptOutcome::Slow, now).await?;
            return self
                .deliveries
                .send_jobs(&[ScheduledJob::immediate(job.clone(), DeliveryQueueKind::Slow)], now)
                .await;
        };
        let ended = now.saturating_add(began.elapsed());
        if attempt.error.as_deref() == Some(endpoint::NO_ANSWER_REASON) {
            self.unresponsive.pause_endpoint(job, ended);
        }
        let (outcome, random) = (attempt.outcome(), fastrand::f64());
        let after = self
            .table
            .record_delivery(job, &payload.event, delivery, |delivery, raced| match raced {
                false => delivery.record_attempt(attempt.clone(), retry_after, random),
                true => delivery.record_concurrent_attempt(attempt.clone()),
            })
            .await?;
        self.table.record_outcome(&job.team, webhook, outcome, now).await?;
        let status = attempt.status.unwrap_or(0);
        let (team, id) = (job.team.as_str(), webhook.id.get());
        tracing::info!(target: LOG_TARGET, team, webhook = id, status, ms = attempt.duration, tries = after.tries, "delivery");
        match after.next_attempt_at {
            Some(_) => {
                let again = ScheduledJob { due: after.next_attempt_at, ..ScheduledJob::immediate(job.clone(), *lane) };
                self.deliveries.send_jobs(&[again], ended).await
            }
            None => Ok(()),
        }
    }
}

/// Logs a message that failed, and returns its id. SQS delivers the message again after the visibility timeout.
fn log_failed_message(message_id: String, error: &dyn fmt::Display) -> String {
    tracing::error!(target: LOG_TARGET, messageId = message_id, error = %error, "not delivered");
    message_id
}

impl DeliveryPayload {
    /// Builds the payload of a job: its event, or a ping. `None` if the event has expired.
    fn of(job: &DeliveryJob, event: Option<FeedEvent>) -> Result<Option<Self>, Error> {
        let fault = |error| Error::caused_by("an event does not parse", &error);
        match (&job.message, event) {
            (DeliveryContent::Event(_), None) => Ok(None),
            (DeliveryContent::Event(_), Some(event)) => {
                let json = event.json.get().to_owned();
                Ok(Some(Self { event: serde_json::from_str(&json).map_err(fault)?, json }))
            }
            (DeliveryContent::Ping { id, at }, _) => {
                let ping = Ping { id: id.clone(), event_type: Ping::PING_EVENT_TYPE, created_at: *at };
                let event =
                    DeliveredEvent { id: id.clone(), event_type: Ping::PING_EVENT_TYPE.to_owned(), created_at: *at };
                Ok(Some(Self { event, json: json!(ping).to_string() }))
            }
        }
    }
}
