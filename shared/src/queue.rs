//! SQS: what is to be done later, and by another function.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use crate::backoff::Backoff;
use crate::deadline::bounded;
use crate::error::{Error, chain};
use crate::model::Dispatch;

/// Messages that one SendMessageBatch takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const BATCH: usize = 10;
/// Requests of one call under way at once.
const AT_ONCE: usize = 8;
/// The longest that a message is hidden: it can be for twelve hours from when it was received, which is some time ago.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60 - 5 * 60);

/// A queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue `url` behind `client`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Puts in what webhooks are to be told, each webhook's in a group of its own: a queue with groups serves those first that
    /// have little under way, so that a slow one delays no other.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
    ///
    /// # Errors
    /// 503 when it is not known whether everything is in the queue. What is put in again comes out twice.
    pub async fn dispatch(&self, dispatches: &[Dispatch]) -> Result<(), Error> {
        let entries = dispatches.iter().enumerate().map(|(n, dispatch)| entry(n, dispatch, Some(dispatch.group())));
        let entries: Vec<_> = entries.collect::<Result<_, Error>>()?;
        let batches: Vec<_> = entries.chunks(BATCH).map(|entries| self.send(entries.to_vec())).collect();
        stream::iter(batches).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Puts in one message.
    ///
    /// # Errors
    /// 503 when it is not known whether it is in the queue.
    pub async fn put(&self, message: &impl Serialize) -> Result<(), Error> {
        self.send(vec![entry(0, message, None)?]).await
    }

    async fn send(&self, mut entries: Vec<SendMessageBatchRequestEntry>) -> Result<(), Error> {
        let mut backoff = Backoff::default();
        loop {
            let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries.clone()));
            let Some(answer) = bounded(request.send()).await else {
                return Err(Error::outcome_unknown("SendMessageBatch: no answer by the deadline"));
            };
            let answer = answer.map_err(|error| Error::outcome_unknown(cause("SendMessageBatch", &error)))?;
            let failed = answer.failed();
            entries.retain(|entry| failed.iter().any(|failed| failed.id() == entry.id()));
            let Some(cause) = failed.first() else { return Ok(()) };
            let cause = format!("SendMessageBatch left messages over: {}", cause.code());
            backoff.next().await.ok_or_else(|| Error::outcome_unknown(cause))?;
        }
    }

    /// Hides a message that was received for so long, a second more at most, and less than twelve hours in any case.
    ///
    /// # Errors
    /// 503 when it may come again sooner.
    pub async fn hide(&self, receipt: &str, pause: Duration) -> Result<(), Error> {
        // Not a moment too soon: it would come out once more for nothing.
        let seconds = i32::try_from(pause.min(LONGEST).as_secs() + 1).unwrap_or(i32::MAX);
        let request = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let Some(answer) = bounded(request.visibility_timeout(seconds).send()).await else {
            return Err(Error::unavailable("ChangeMessageVisibility: no answer by the deadline"));
        };
        answer.map(drop).map_err(|error| Error::unavailable(cause("ChangeMessageVisibility", &error)))
    }
}

fn entry(n: usize, message: &impl Serialize, group: Option<String>) -> Result<SendMessageBatchRequestEntry, Error> {
    let body = serde_json::to_string(message).map_err(|error| Error::caused_by("writing a message", &error))?;
    SendMessageBatchRequestEntry::builder()
        .id(n.to_string())
        .message_body(body)
        .set_message_group_id(group)
        .build()
        .map_err(|error| Error::caused_by("SendMessageBatch", &error))
}

fn cause<E>(operation: &str, error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code) => format!("{operation}: {code}"),
        None => format!("{operation}: {}", chain(error)),
    }
}
