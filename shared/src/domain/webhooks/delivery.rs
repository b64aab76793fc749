//! Deliveries of events to webhooks, their attempts and their schedule.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{AttemptOutcome, EventId, FeedPosition, SortPosition, TeamId, Timestamp, WebhookId};

/// Pauses between the attempts of a delivery, each measured from the start of the attempt before.
const RETRY_PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];
/// Upper bound on a pause that an endpoint asks for with `Retry-After`.
const MAX_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Maximum number of attempts that a delivery stores; older attempts are dropped.
const MAX_STORED_ATTEMPTS: usize = 30;
/// Maximum number of times that a message is queued again after failures of the API itself. The pauses add up to some
/// eight minutes.
const MAX_REQUEUES_AFTER_FAULTS: u32 = 12;
/// Maximum random extension of a pause, as a fraction of the pause. Deliveries that failed together are therefore not
/// retried together.
const MAX_JITTER_FRACTION: f64 = 0.1;

/// A delivery job in the queue. The job names an event and contains no data of a lead, so that the queue discloses
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryJob {
    /// The team that owns the webhook.
    pub team: TeamId,
    /// The webhook to deliver to.
    pub webhook: WebhookId,
    /// The event or the test to deliver.
    pub message: DeliveryContent,
    /// The request for this delivery: 0 for the automatic delivery after publication. For a test, or a delivery that is
    /// sent again on request, the time of that request in milliseconds since 1970.
    pub round: i64,
}

/// The body of a queue message: a delivery job, and when to attempt it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledJob {
    /// The job.
    #[serde(flatten)]
    pub job: DeliveryJob,
    /// Time of the next attempt. `None` for an immediate attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The queue that the message is in.
    #[serde(default, skip_serializing_if = "DeliveryQueueKind::is_prompt")]
    pub lane: DeliveryQueueKind,
    /// Number of times that the message was queued again after failures of the API itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub faults: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// One of the two SQS delivery queues: for prompt or for slow endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryQueueKind {
    /// The queue of webhooks that answer within a second.
    #[default]
    Prompt,
    /// The queue of slow webhooks.
    Slow,
}

impl DeliveryQueueKind {
    fn is_prompt(&self) -> bool {
        *self == Self::Prompt
    }
}

impl ScheduledJob {
    /// A message for an immediate attempt.
    pub fn immediate(job: DeliveryJob, lane: DeliveryQueueKind) -> Self {
        Self { job, due: None, lane, faults: 0 }
    }

    /// Builds the message for another attempt after a failure of the API itself, delayed by 2 to 64 seconds. `None`
    /// after 12 failures: the queue's visibility timeout then spaces the attempts.
    pub fn requeued_after_fault(&self, now: Timestamp) -> Option<Self> {
        let faults = self.faults + 1;
        let pause = SignedDuration::from_secs(1 << faults.min(6));
        (faults <= MAX_REQUEUES_AFTER_FAULTS).then(|| Self {
            due: Some(now.saturating_add(pause)),
            faults,
            ..self.clone()
        })
    }
}

/// The content of a delivery: an event, or a test of the webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryContent {
    /// An event, by its position in the feed.
    #[serde(rename = "event")]
    Event(FeedPosition),
    /// A test of the webhook (ping), without an event.
    #[serde(rename = "ping")]
    Ping {
        /// Id of the test.
        id: EventId,
        /// Time at which the request for the test ping was received.
        at: Timestamp,
    },
}

impl DeliveryJob {
    /// Sort position of the delivery in the webhook's list of deliveries.
    pub fn sort_position(&self) -> SortPosition {
        match &self.message {
            DeliveryContent::Event(position) => position.sort_position(),
            DeliveryContent::Ping { id, at } => SortPosition::new(*at, id.trailing_number()),
        }
    }

    /// `MessageGroupId` of the SQS message: one group for each webhook. SQS schedules groups fairly, so that one
    /// webhook's messages do not delay another's.
    pub fn message_group_id(&self) -> String {
        format!("{}.{}", self.team.as_str(), self.webhook)
    }
}

/// State of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeliveryState {
    /// The delivery is tried again at `nextAttemptAt`.
    Pending,
    /// An attempt succeeded.
    Delivered,
    /// The delivery was given up: its attempts failed, the endpoint answered 410, or the webhook was switched off. An
    /// Owner can send the event again.
    Failed,
}

/// A delivery of an event to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The job of the last request for this delivery.
    #[serde(rename = "dispatch")]
    pub job: DeliveryJob,
    /// The event as the deliveries' list shows it.
    pub event: DeliveredEvent,
    /// State of the delivery, see [`DeliveryState`].
    pub state: DeliveryState,
    /// The last attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Number of attempts since the last request for this delivery, without concurrent ones.
    pub tries: usize,
    /// Time of the next attempt. `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// Version for optimistic locking: every write is conditional on the stored version and adds one.
    pub version: u64,
}

/// The event of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredEvent {
    /// The event's id, sent as `webhook-id`.
    pub id: EventId,
    /// The event's type; `ping` for a test.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When the change was made.
    pub created_at: Timestamp,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When the attempt started.
    pub at: Timestamp,
    /// HTTP status of the answer; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u16")]
    pub status: Option<u16>,
    /// Duration of the attempt in milliseconds.
    pub duration: u64,
    /// First 1,024 bytes of the answer's body.
    pub response: String,
    /// Why the endpoint gave no answer. Absent if it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub error: Option<String>,
}

impl Attempt {
    /// Result of this attempt by its HTTP status: 2xx is a success, 410 is gone, anything else or no answer is a
    /// failure.
    pub fn outcome(&self) -> AttemptOutcome {
        match self.status {
            Some(200..=299) => AttemptOutcome::Success,
            Some(410) => AttemptOutcome::Gone,
            _ => AttemptOutcome::Failure,
        }
    }
}

/// The next step for a delivery job that came out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Attempt the delivery now.
    Now,
    /// Queue the message again for this time.
    At(Timestamp),
    /// Drop the message: the delivery has ended, or a later request for it has a message of its own.
    Drop,
}

impl Delivery {
    /// Decides the next step for a job. `delivery` is the stored record of earlier attempts.
    pub fn next_step(delivery: Option<&Self>, job: &DeliveryJob, now: Timestamp) -> NextStep {
        match delivery {
            Some(delivery) if delivery.job.round > job.round => NextStep::Drop,
            Some(delivery) if delivery.job.round == job.round => match delivery.next_attempt_at {
                None => NextStep::Drop,
                Some(next) if now < next => NextStep::At(next),
                Some(_) => NextStep::Now,
            },
            _ => NextStep::Now,
        }
    }

    /// The record to which the next attempt of a job is added: `before`, or for a new request a new record that keeps
    /// the attempts of earlier requests.
    pub fn record_for_next_attempt(before: Option<Self>, job: &DeliveryJob, event: &DeliveredEvent) -> Self {
        let same_round = before.as_ref().is_some_and(|before| before.job.round >= job.round);
        match before {
            Some(before) if same_round => before,
            before => Self {
                job: job.clone(),
                event: event.clone(),
                state: DeliveryState::Pending,
                version: before.as_ref().map_or(0, |before| before.version),
                attempts: before.map(|before| before.attempts).unwrap_or_default(),
                tries: 0,
                next_attempt_at: None,
            },
        }
    }

    /// Records an attempt and schedules the next one. `retry_after` is the pause that the endpoint asks for; `random`,
    /// from 0 to 1, lengthens the pause.
    #[must_use]
    pub fn record_attempt(mut self, attempt: Attempt, retry_after: Option<SignedDuration>, random: f64) -> Self {
        let pause = RETRY_PAUSES.get(self.tries).filter(|_| attempt.outcome() == AttemptOutcome::Failure);
        let pause = pause.map(|pause| {
            let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
            jittered_pause((*pause).max(asked), random)
        });
        self.next_attempt_at = pause.map(|pause| attempt.at.saturating_add(pause));
        self.state = match (attempt.outcome(), pause) {
            (AttemptOutcome::Success, _) => DeliveryState::Delivered,
            (_, Some(_)) => DeliveryState::Pending,
            (_, None) => DeliveryState::Failed,
        };
        self.tries += 1;
        self.push_attempt(attempt);
        self
    }

    /// Merges the result of a concurrent attempt: SQS may deliver one message to two workers. Only a success changes
    /// the delivery's state.
    #[must_use]
    pub fn record_concurrent_attempt(mut self, attempt: Attempt) -> Self {
        if attempt.outcome() == AttemptOutcome::Success {
            (self.state, self.next_attempt_at) = (DeliveryState::Delivered, None);
        }
        self.push_attempt(attempt);
        self
    }

    fn push_attempt(&mut self, attempt: Attempt) {
        self.version += 1;
        self.attempts.push(attempt);
        let forgotten = self.attempts.len().saturating_sub(MAX_STORED_ATTEMPTS);
        self.attempts.drain(..forgotten);
    }

    /// Marks the delivery as failed without another attempt, because the webhook is off or the job came from the
    /// dead-letter queue.
    #[must_use]
    pub fn abandon_delivery(self) -> Self {
        Self { state: DeliveryState::Failed, next_attempt_at: None, version: self.version + 1, ..self }
    }
}

/// A pause, extended at random by at most [`MAX_JITTER_FRACTION`].
fn jittered_pause(pause: SignedDuration, random: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(pause.as_secs_f64() * (1.0 + MAX_JITTER_FRACTION * random)).unwrap_or(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millisecond(0).saturating_add(SignedDuration::from_secs(seconds))
    }

    fn job_in_round(round: i64) -> DeliveryJob {
        let position = FeedPosition { page: 1, number: 1, at: at(0) };
        let team = "demo".parse().unwrap_or_else(|()| unreachable!());
        DeliveryJob { team, webhook: WebhookId::MIN, message: DeliveryContent::Event(position), round }
    }

    fn started_delivery(round: i64, before: Option<Delivery>) -> Delivery {
        let id = EventId::new(&job_in_round(0).team, 1);
        let event = DeliveredEvent { id, event_type: "lead.created".into(), created_at: at(0) };
        Delivery::record_for_next_attempt(before, &job_in_round(round), &event)
    }

    fn attempt_with_status(status: Option<u16>, seconds: i64) -> Attempt {
        Attempt { at: at(seconds), status, duration: 1, response: String::new(), error: None }
    }

    #[test]
    fn a_delivery_is_retried_nine_times() {
        let (mut delivery, mut now, mut pauses) = (started_delivery(0, None), 0, Vec::new());
        while let DeliveryState::Pending = delivery.state {
            delivery = delivery.record_attempt(attempt_with_status(Some(500), now), None, 0.0);
            let Some(next) = delivery.next_attempt_at else { break };
            let next = next.as_millisecond() / 1000;
            assert_eq!(Delivery::next_step(Some(&delivery), &job_in_round(0), at(next - 1)), NextStep::At(at(next)));
            assert_eq!(Delivery::next_step(Some(&delivery), &job_in_round(0), at(next)), NextStep::Now);
            pauses.push(next - now);
            now = next;
        }
        assert_eq!(pauses, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::Failed, 10));
        assert_eq!(Delivery::next_step(Some(&delivery), &job_in_round(0), at(now)), NextStep::Drop);
    }

    #[test]
    fn pauses_are_jittered_and_an_endpoint_may_ask_for_longer_ones() {
        let next = |retry_after, random| {
            let retry_after = Some(SignedDuration::from_secs(retry_after));
            let after =
                started_delivery(0, None).record_attempt(attempt_with_status(Some(503), 0), retry_after, random);
            after.next_attempt_at.map(|next| next.as_millisecond())
        };
        assert_eq!(next(0, 1.0), Some(5_500));
        assert_eq!(next(60, 0.0), Some(60_000));
        assert_eq!(next(10_000_000, 0.0), Some(86_400_000));
    }

    #[test]
    fn a_delivered_event_stays_delivered() {
        let done = started_delivery(0, None).record_attempt(attempt_with_status(Some(204), 0), None, 0.0);
        let late = done.clone().record_concurrent_attempt(attempt_with_status(None, 15));
        assert_eq!((late.state, late.tries, late.attempts.len()), (DeliveryState::Delivered, 1, 2));
        let failed = started_delivery(0, None).record_attempt(attempt_with_status(None, 0), None, 0.0);
        let twice = failed.clone().record_concurrent_attempt(attempt_with_status(None, 0));
        assert_eq!((twice.next_attempt_at, twice.tries), (failed.next_attempt_at, 1));
        assert_eq!(failed.record_concurrent_attempt(attempt_with_status(Some(200), 1)).state, DeliveryState::Delivered);
    }

    #[test]
    fn a_finished_delivery_can_be_sent_again_on_request() {
        let failed = started_delivery(0, None).record_attempt(attempt_with_status(Some(410), 0), None, 0.0);
        assert_eq!(failed.state, DeliveryState::Failed);
        assert_eq!(Delivery::next_step(Some(&failed), &job_in_round(5), at(1)), NextStep::Now);
        let again = started_delivery(5, Some(failed)).record_attempt(attempt_with_status(None, 1), None, 0.0);
        assert_eq!((again.attempts.len(), again.tries, again.state), (2, 1, DeliveryState::Pending));
        assert_eq!(Delivery::next_step(Some(&again), &job_in_round(0), at(1)), NextStep::Drop);
        let done = again.record_attempt(attempt_with_status(Some(204), 6), None, 0.0);
        assert_eq!(Delivery::next_step(Some(&done), &job_in_round(5), at(7)), NextStep::Drop);
        assert_eq!(done.next_attempt_at, None);
    }
}
