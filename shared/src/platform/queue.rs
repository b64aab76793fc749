//! Sends messages to SQS queues.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use crate::domain::error::{Error, error_chain};
use crate::domain::{DeliveryQueueKind, ScheduledJob, Timestamp};
use crate::platform::backoff::Backoff;
use crate::platform::config::QueueConfig;
use crate::platform::deadline::run_until_deadline;

/// Maximum number of messages in one SendMessageBatch request.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const MAX_BATCH_MESSAGES: usize = 10;
/// Maximum number of SendMessageBatch requests that one call sends to a queue concurrently.
const CONCURRENT_BATCHES: usize = 8;
/// Maximum `DelaySeconds` of an SQS message.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html>
const MAX_MESSAGE_DELAY: Duration = Duration::from_secs(15 * 60);

/// Client of one SQS queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

/// Client of the two SQS queues of delivery jobs: one for slow webhooks, one for all others. An invocation of the
/// sender lasts as long as its slowest job, so in a shared queue slow webhooks would delay the others.
#[derive(Clone, Debug)]
pub struct DeliveryQueues {
    prompt: SqsQueue,
    slow: SqsQueue,
}

impl DeliveryQueues {
    /// Creates a client of the two queues whose URLs are in `config`.
    pub fn new(client: &Client, config: QueueConfig) -> Self {
        Self {
            prompt: SqsQueue::new(client.clone(), config.deliveries),
            slow: SqsQueue::new(client.clone(), config.slow_deliveries),
        }
    }

    /// Sends each delivery job to one of the two queues. The message group is the webhook, so that SQS fair queues
    /// serve other webhooks first while one is slow.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
    ///
    /// # Errors
    /// 503 when it is unknown whether all jobs were sent. Sending the jobs again may deliver some of them twice.
    pub async fn send_jobs(&self, scheduled: &[ScheduledJob], now: Timestamp) -> Result<(), Error> {
        let entries = |lane: DeliveryQueueKind| {
            let of_lane = scheduled.iter().filter(move |one| one.lane == lane).enumerate();
            let entry = |(n, one): (usize, &ScheduledJob)| {
                batch_entry(n, one, Some(one.job.message_group_id()), one.due.map(|due| delay_seconds(due, now)))
            };
            of_lane.map(entry).collect::<Result<Vec<_>, Error>>()
        };
        let (prompt, slow) = (entries(DeliveryQueueKind::Prompt)?, entries(DeliveryQueueKind::Slow)?);
        tokio::try_join!(self.prompt.send_in_batches(prompt), self.slow.send_in_batches(slow)).map(drop)
    }
}

impl SqsQueue {
    /// Creates a client of the queue at `url`, which sends its requests through `client`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    async fn send_in_batches(&self, entries: Vec<SendMessageBatchRequestEntry>) -> Result<(), Error> {
        let batches: Vec<_> =
            entries.chunks(MAX_BATCH_MESSAGES).map(|entries| self.send_entries(entries.to_vec())).collect();
        stream::iter(batches).buffer_unordered(CONCURRENT_BATCHES).try_collect().await
    }

    /// Sends one message as JSON, without delay.
    ///
    /// # Errors
    /// 503 when it is unknown whether SQS has stored the message.
    pub async fn send_message(&self, message: &impl Serialize) -> Result<(), Error> {
        self.send_entries(vec![batch_entry(0, message, None, None)?]).await
    }

    async fn send_entries(&self, mut entries: Vec<SendMessageBatchRequestEntry>) -> Result<(), Error> {
        let mut backoff = Backoff::default();
        loop {
            let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries.clone()));
            let Some(answer) = run_until_deadline(request.send()).await else {
                return Err(Error::outcome_unknown("SendMessageBatch: no answer by the deadline"));
            };
            let answer =
                answer.map_err(|error| Error::outcome_unknown(describe_sdk_error("SendMessageBatch", &error)))?;
            let failed = answer.failed();
            entries.retain(|entry| failed.iter().any(|failed| failed.id() == entry.id()));
            let Some(cause) = failed.first() else { return Ok(()) };
            let cause = format!("SendMessageBatch left messages over: {}", cause.code());
            backoff.pause_before_retry().await.ok_or_else(|| Error::outcome_unknown(cause))?;
        }
    }
}

fn batch_entry(
    n: usize,
    message: &impl Serialize,
    group: Option<String>,
    delay: Option<i32>,
) -> Result<SendMessageBatchRequestEntry, Error> {
    let body = serde_json::to_string(message).map_err(|error| Error::caused_by("writing a message", &error))?;
    SendMessageBatchRequestEntry::builder()
        .id(n.to_string())
        .message_body(body)
        .set_message_group_id(group)
        .set_delay_seconds(delay)
        .build()
        .map_err(|error| Error::caused_by("SendMessageBatch", &error))
}

/// `DelaySeconds` of a job's message: the time until `due`, at most 15 minutes. The time is rounded up, because the
/// sender would put a message that comes before `due` into the queue again.
fn delay_seconds(due: Timestamp, now: Timestamp) -> i32 {
    let pause = due.as_millisecond().saturating_sub(now.as_millisecond()).max(0).unsigned_abs();
    let pause = Duration::from_millis(pause).min(MAX_MESSAGE_DELAY);
    i32::try_from(pause.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}

fn describe_sdk_error<E>(operation: &str, error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code) => format!("{operation}: {code}"),
        None => format!("{operation}: {}", error_chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_in_seconds_and_at_most_the_queues_maximum() {
        let at = Timestamp::from_millisecond;
        let delays = [-5, 0, 1, 1000, 1001, 899_001, 1_000_000].map(|due| delay_seconds(at(due), at(0)));
        assert_eq!(delays, [0, 0, 1, 1, 2, 900, 900]);
    }
}
