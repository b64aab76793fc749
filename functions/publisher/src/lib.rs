//! Makes events of what the table's stream tells of, and puts what webhooks are to be told into their queue (spec section 12).
//! Every step is safe to repeat: an event is in the feed once, and what is in the queue twice is told twice at worst.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use shared::error::Error;
use shared::model::{Dispatch, Message, OutboxEntry, TeamId, Timestamp};
use shared::queue::Queue;
use shared::table::{FeedTail, Table, outbox_entry};
use shared::telemetry::TARGET;

/// What Lambda reads from a stream of DynamoDB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
#[derive(Clone, Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Clone, Debug, Deserialize)]
struct Record {
    dynamodb: Write,
}

/// A write of an item.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Write {
    /// In seconds since 1970.
    approximate_creation_date_time: f64,
    keys: serde_dynamo::Item,
    new_image: Option<serde_dynamo::Item>,
    sequence_number: String,
}

/// Which records are to come again: Lambda goes on from the first of them.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// By their sequence numbers.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record that is to come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

/// A record that nothing can be made of, as the queue of failures is told: where it is, and nothing of what it says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Poison<'a> {
    keys: &'a serde_dynamo::Item,
    sequence_number: &'a str,
    error: String,
}

/// A record and what it is of.
struct Entry {
    outbox: OutboxEntry,
    write: Write,
}

/// What the publisher uses.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Where the feed is.
    pub table: Table,
    /// What webhooks are to be told.
    pub deliveries: Queue,
    /// What nothing can be made of.
    pub failures: Queue,
    /// What is known of feeds.
    pub tails: Tails,
}

/// The ends of the feeds that were written to last. What is not there, or is not enough, is read.
#[derive(Clone, Debug, Default)]
pub struct Tails(Arc<Mutex<HashMap<TeamId, FeedTail>>>);

impl Tails {
    /// Teams that are remembered, at most.
    const MOST: usize = 1000;

    fn take(&self, team: &TeamId) -> Option<FeedTail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(team)
    }

    fn keep(&self, team: &TeamId, tail: FeedTail) {
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.len() >= Self::MOST {
            tails.clear();
        }
        tails.insert(team.clone(), tail);
    }
}

impl Publisher {
    /// Publishes what a batch of the stream tells of, each team's by itself.
    pub async fn run(&self, event: StreamEvent, now: Timestamp) -> BatchResponse {
        let records = event.records.len();
        let mut teams: BTreeMap<TeamId, Vec<Entry>> = BTreeMap::new();
        let mut failed: Vec<String> = Vec::new();
        for Record { dynamodb: write } in event.records {
            match write.entry() {
                Ok((team, outbox)) => teams.entry(team).or_default().push(Entry { outbox, write }),
                Err(error) => failed.extend(self.set_aside(&write, &error).await),
            }
        }
        let published = join_all(teams.iter().map(|(team, entries)| self.publish_all(team, entries, now)));
        failed.extend(published.await.into_iter().flatten());
        tracing::info!(target: TARGET, records, teams = teams.len(), failed = failed.len(), "published");
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        BatchResponse { batch_item_failures: failed.into_iter().map(failure).collect() }
    }

    /// Publishes a team's entries; one by one when it is a fault of ours that keeps them from being published together. Gives
    /// those that are to come again.
    async fn publish_all(&self, team: &TeamId, entries: &[Entry], now: Timestamp) -> Vec<String> {
        let Err(error) = self.publish(team, entries, now).await else { return Vec::new() };
        tracing::error!(target: TARGET, team = team.as_str(), error = %error, "events were not published");
        if error.retry_after().is_some() {
            return entries.iter().map(|entry| entry.write.sequence_number.clone()).collect();
        }
        let mut failed = Vec::new();
        for entry in entries {
            match self.publish(team, std::slice::from_ref(entry), now).await {
                Ok(()) => {}
                Err(error) if error.retry_after().is_some() => failed.push(entry.write.sequence_number.clone()),
                Err(error) => failed.extend(self.set_aside(&entry.write, &error).await),
            }
        }
        failed
    }

    /// Makes a team's entries events, and tells the queue of those that a webhook wants.
    async fn publish(&self, team: &TeamId, entries: &[Entry], now: Timestamp) -> Result<(), Error> {
        let since = entries.iter().map(|entry| entry.write.at()).min().unwrap_or(now);
        let outbox: Vec<OutboxEntry> = entries.iter().map(|entry| entry.outbox.clone()).collect();
        let published = self.table.publish(team, &outbox, since, now, self.tails.take(team)).await?;
        self.tails.keep(team, published.tail);
        let dispatch =
            |webhook, position| Dispatch { team: team.clone(), webhook, message: Message::Event(position), round: 0 };
        let dispatches = published.webhooks.iter().flat_map(|webhook| {
            let wanted = published.events.iter().filter(|(_, event_type)| webhook.wants(*event_type));
            wanted.map(|(position, _)| dispatch(webhook.id, *position))
        });
        self.deliveries.dispatch(&dispatches.collect::<Vec<_>>()).await
    }

    /// A record that nothing can be made of holds back no other; it comes again when even that cannot be said.
    async fn set_aside(&self, write: &Write, error: &Error) -> Option<String> {
        let Write { keys, sequence_number, .. } = write;
        tracing::error!(target: TARGET, sequenceNumber = sequence_number, error = %error, "a record is poison");
        let told = self.failures.put(&Poison { keys, sequence_number, error: error.to_string() }).await;
        told.err().map(|_| sequence_number.clone())
    }
}

impl Write {
    fn entry(&self) -> Result<(TeamId, OutboxEntry), Error> {
        let image = self.new_image.clone().ok_or_else(|| Error::internal("a record has no image"))?;
        outbox_entry(image.into())
    }

    fn at(&self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        Timestamp::from_millisecond((self.approximate_creation_date_time * 1000.0) as i64)
    }
}
