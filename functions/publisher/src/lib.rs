//! Makes events of what the table's stream tells of, and puts what webhooks are to be told into their queue (spec section 12).
//! Every step is safe to repeat: an event is in the feed once, and what is in the queue twice is told twice at worst.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use shared::error::Error;
use shared::model::{Dispatch, Message, OutboxEntry, TeamId, Timestamp};
use shared::queue::Queue;
use shared::table::{Table, outbox_entry};
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

/// Entries of one team, in the order of the stream.
#[derive(Default)]
struct Batch {
    entries: Vec<OutboxEntry>,
    sequence_numbers: Vec<String>,
    /// When the first was written.
    since: Option<Timestamp>,
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
}

impl Publisher {
    /// Publishes what a batch of the stream tells of, each team's by itself.
    pub async fn run(&self, event: StreamEvent, now: Timestamp) -> BatchResponse {
        let records = event.records.len();
        let mut batches: BTreeMap<TeamId, Batch> = BTreeMap::new();
        let mut failed: Vec<String> = Vec::new();
        for Record { dynamodb: write } in event.records {
            match write.entry() {
                Ok((team, entry)) => batches.entry(team).or_default().add(entry, &write),
                Err(error) => {
                    if let Err(error) = self.set_aside(&write, &error).await {
                        tracing::error!(target: TARGET, error = %error, "a record was not set aside");
                        failed.push(write.sequence_number);
                    }
                }
            }
        }
        let published = join_all(batches.into_iter().map(|(team, batch)| async move {
            let published = self.publish(&team, &batch, now).await;
            published.map_err(|error| {
                tracing::error!(target: TARGET, team = team.as_str(), error = %error, "events were not published");
                batch.sequence_numbers
            })
        }));
        let mut events = 0;
        for published in published.await {
            match published {
                Ok(n) => events += n,
                Err(sequence_numbers) => failed.extend(sequence_numbers),
            }
        }
        tracing::info!(target: TARGET, records, events, failed = failed.len(), "published");
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        BatchResponse { batch_item_failures: failed.into_iter().map(failure).collect() }
    }

    /// Makes a team's entries events, and tells the queue of those that a webhook wants.
    async fn publish(&self, team: &TeamId, batch: &Batch, now: Timestamp) -> Result<usize, Error> {
        let published = self.table.publish(team, &batch.entries, batch.since.unwrap_or(now), now).await?;
        let dispatch =
            |webhook, position| Dispatch { team: team.clone(), webhook, message: Message::Event(position), round: 0 };
        let dispatches = published.webhooks.iter().flat_map(|webhook| {
            let wanted = published.events.iter().filter(|(_, event_type)| webhook.wants(*event_type));
            wanted.map(|(position, _)| dispatch(webhook.id, *position))
        });
        self.deliveries.dispatch(&dispatches.collect::<Vec<_>>()).await?;
        Ok(published.events.len())
    }

    /// A record that nothing can be made of holds back no other.
    async fn set_aside(&self, write: &Write, error: &Error) -> Result<(), Error> {
        tracing::error!(target: TARGET, sequenceNumber = write.sequence_number, error = %error, "a record is poison");
        let Write { keys, sequence_number, .. } = write;
        self.failures.put(&Poison { keys, sequence_number, error: error.to_string() }).await
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

impl Batch {
    fn add(&mut self, entry: OutboxEntry, write: &Write) {
        self.entries.push(entry);
        self.sequence_numbers.push(write.sequence_number.clone());
        self.since = Some(self.since.map_or(write.at(), |since| since.min(write.at())));
    }
}
