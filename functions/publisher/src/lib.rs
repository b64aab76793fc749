//! Publishes events: reads the table's stream, appends events to the feed, and queues delivery jobs for webhooks. Every
//! step is safe to repeat: an event is in the feed once, and a job that is queued twice is delivered twice at worst.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::dynamodb::{Event as StreamEvent, StreamRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde::Serialize;
use shared::api::Event;
use shared::domain::error::Error;
use shared::domain::{DeliveryContent, DeliveryJob, OutboxEntry, ScheduledJob, TeamId, Timestamp};
use shared::platform::queue::{DeliveryQueues, SqsQueue};
use shared::platform::telemetry::LOG_TARGET;
use shared::store::{FeedEnd, FeedStore, parse_outbox_entry};

/// How long after its write a record is retried while no record of its batch can be published.
const MAX_RETRY_AGE: SignedDuration = SignedDuration::from_mins(5);

/// Message to the failures queue about a stream record that cannot be published. It has the item's key, but no other
/// content of the item.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedRecord<'a> {
    keys: &'a serde_dynamo::Item,
    sequence_number: &'a str,
    /// Time at which DynamoDB wrote the item, by DynamoDB's clock.
    at: Timestamp,
    error: String,
}

/// A stream record, and the outbox entry that it holds.
struct StreamEntry {
    outbox: OutboxEntry,
    record: StreamRecord,
}

/// Result of publishing outbox entries.
#[derive(Default)]
struct PublishOutcome<'e> {
    /// Number of outbox entries that are in the feed now.
    events: usize,
    /// Sequence numbers of records that failed for a temporary reason. Lambda delivers them again.
    later: Vec<String>,
    /// Records that failed for a reason that is not temporary, each with the error.
    faults: Vec<(&'e StreamRecord, String)>,
}

impl PublishOutcome<'_> {
    fn merge(mut self, other: Self) -> Self {
        self.events += other.events;
        self.later.extend(other.later);
        self.faults.extend(other.faults);
        self
    }
}

/// State of the publisher function.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// The store of the teams' feeds.
    pub table: FeedStore,
    /// The delivery queues.
    pub deliveries: DeliveryQueues,
    /// The queue of records that cannot be published.
    pub failures: SqsQueue,
    /// The cached ends of feeds.
    pub feed_ends: FeedEndCache,
}

/// Cache of the [`FeedEnd`] (next number and recent sources) of each team whose feed was written recently. An end that
/// is missing or outdated is read from the table.
#[derive(Clone, Debug, Default)]
pub struct FeedEndCache(Arc<Mutex<HashMap<TeamId, FeedEnd>>>);

impl FeedEndCache {
    /// Maximum number of teams in the cache. A full cache is emptied.
    const MAX_CACHED_TEAMS: usize = 1000;

    fn take_end(&self, team: &TeamId) -> Option<FeedEnd> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(team)
    }

    fn store_end(&self, team: &TeamId, end: FeedEnd) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() >= Self::MAX_CACHED_TEAMS {
            ends.clear();
        }
        ends.insert(team.clone(), end);
    }
}

impl Publisher {
    /// Publishes a batch of stream records, for all teams concurrently. Lambda delivers the stream again from the first
    /// failed record on.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
    pub async fn run(&self, event: StreamEvent, now: Timestamp) -> DynamoDbEventResponse {
        let records = event.records.len();
        let mut teams: BTreeMap<TeamId, Vec<StreamEntry>> = BTreeMap::new();
        let mut failed: Vec<String> = Vec::new();
        for record in event.records.into_iter().map(|record| record.change) {
            match parse_outbox_entry(record.new_image.clone().into()) {
                Ok((team, outbox)) => teams.entry(team).or_default().push(StreamEntry { outbox, record }),
                Err(error) => failed.extend(self.send_to_failures_queue(&record, error.to_string()).await),
            }
        }
        let teams: Vec<_> = teams.iter().map(|(team, entries)| self.publish_team(team, entries, now)).collect();
        let published = join_all(teams).await.into_iter().fold(PublishOutcome::default(), PublishOutcome::merge);
        failed.extend(published.later);
        // If the whole batch failed, the fault may not be in the records. They are then retried for five minutes before
        // they go to the failures queue.
        let mut answers = published.events > 0;
        for (record, error) in published.faults {
            let is_old = written_at(record).saturating_add(MAX_RETRY_AGE) < now;
            answers = answers || is_old && self.table.open_connection().await.is_ok();
            let again = if published.events > 0 || answers && is_old {
                self.send_to_failures_queue(record, error).await
            } else {
                record.sequence_number.clone()
            };
            failed.extend(again);
        }
        tracing::info!(target: LOG_TARGET, records, events = published.events, failed = failed.len(), "published");
        let mut answer = DynamoDbEventResponse::default();
        answer.batch_item_failures = failed.into_iter().map(batch_item_failure).collect();
        answer
    }

    /// Publishes a team's entries together. After an error that is not temporary, publishes them one by one to find the
    /// faulty ones.
    async fn publish_team<'e>(&self, team: &TeamId, entries: &'e [StreamEntry], now: Timestamp) -> PublishOutcome<'e> {
        let mut published = self.publish_or_classify(team, entries, now).await;
        if entries.len() > 1 && !published.faults.is_empty() {
            published = PublishOutcome::default();
            for entry in entries {
                published = published.merge(self.publish_or_classify(team, std::slice::from_ref(entry), now).await);
            }
        }
        published
    }

    async fn publish_or_classify<'e>(
        &self,
        team: &TeamId,
        entries: &'e [StreamEntry],
        now: Timestamp,
    ) -> PublishOutcome<'e> {
        let Err(error) = self.append_and_queue(team, entries, now).await else {
            return PublishOutcome { events: entries.len(), ..PublishOutcome::default() };
        };
        tracing::error!(target: LOG_TARGET, team = team.as_str(), error = %error, "events were not published");
        if error.retry_after().is_some() {
            let later = entries.iter().filter_map(|entry| entry.record.sequence_number.clone()).collect();
            return PublishOutcome { later, ..PublishOutcome::default() };
        }
        let faults = entries.iter().map(|entry| (&entry.record, error.to_string())).collect();
        PublishOutcome { faults, ..PublishOutcome::default() }
    }

    /// Appends a team's entries to the feed, and queues a delivery job for each webhook that wants the event's type.
    async fn append_and_queue(&self, team: &TeamId, entries: &[StreamEntry], now: Timestamp) -> Result<(), Error> {
        let at = || entries.iter().map(|entry| written_at(&entry.record));
        let written = (at().min().unwrap_or(now), at().max().unwrap_or(now));
        let outbox: Vec<OutboxEntry> = entries.iter().map(|entry| entry.outbox.clone()).collect();
        let published = self
            .table
            .publish(team, &outbox, written, now, self.feed_ends.take_end(team), Event::serialize_outbox_entry)
            .await?;
        self.feed_ends.store_end(team, published.end);
        let job = |webhook, position| DeliveryJob {
            team: team.clone(),
            webhook,
            message: DeliveryContent::Event(position),
            round: 0,
        };
        let jobs = published.webhooks.iter().flat_map(|webhook| {
            let wanted = published.events.iter().filter(|(_, event_type)| webhook.wants_event_type(*event_type));
            wanted.map(|(position, _)| ScheduledJob::immediate(job(webhook.id, *position), webhook.delivery_queue(now)))
        });
        self.deliveries.send_jobs(&jobs.collect::<Vec<_>>(), now).await
    }

    /// Sends a record that cannot be published to the failures queue. If that fails, returns the record's sequence
    /// number, so that Lambda delivers the record again.
    async fn send_to_failures_queue(&self, record: &StreamRecord, error: String) -> Option<String> {
        let sequence_number = record.sequence_number.as_deref().unwrap_or_default();
        tracing::error!(target: LOG_TARGET, sequenceNumber = sequence_number, error, "a record cannot be published");
        let failed = FailedRecord { keys: &record.keys, sequence_number, at: written_at(record), error };
        self.failures.send_message(&failed).await.err().map(|_| sequence_number.to_owned())
    }
}

fn batch_item_failure(sequence_number: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    failure
}

/// Time at which the record's item was written, by DynamoDB's clock.
fn written_at(record: &StreamRecord) -> Timestamp {
    Timestamp::from_millisecond(record.approximate_creation_date_time.timestamp_millis())
}
