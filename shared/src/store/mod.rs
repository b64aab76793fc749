//! Access to the single DynamoDB table: a file for each entity, a function for each access pattern. Only [`keys`]
//! builds and parses keys. Writes use optimistic concurrency, see `transact.rs`.

mod activity;
mod api_keys;
mod cleanup;
mod condition;
mod counters;
mod forms;
mod idempotency;
mod ids;
mod item_update;
pub mod keys;
mod leads;
mod open;
mod photos;
mod quota;
mod references;
mod requests;
mod sorted_merge;
mod store_types;
mod teams;
mod transact;
mod transaction;
mod views;
mod webhooks;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::TeamId;
use crate::domain::error::Error;
use crate::platform::backoff::Backoff;
use condition::WriteCondition;
use ids::IdSequence;
use item_update::{ItemUpdate, UpdateExpression};
use keys::{ItemKey, KeyRange, PrimaryKey, SortKeyCondition};
use requests::{send_conditional_write, send_read, send_unconditional_write};
use transaction::none_if_empty;

pub use activity::{LogOrComment, Timeline};
pub use cleanup::DueTaskPages;
pub use counters::rollup::{CounterView, RollupReport};
pub use idempotency::StoredResponse;
pub use keys::CleanupTask;
pub use leads::UpdatedLead;
pub use leads::bulk::{BulkChange, BulkResult};
pub use leads::lead_key::LeadKey;
pub use leads::listing::LeadPage;
pub use leads::removal::DeletedLeads;
pub use leads::search::SearchResult;
pub use photos::AttachedPhoto;
pub use store_types::{
    ActivityStore, ApiKeyStore, CleanupStore, CounterStore, FeedStore, FormStore, LeadStore, PhotoStore, TeamStore,
    ViewStore, WebhookStore,
};
pub use webhooks::DeliveryContext;
pub use webhooks::feed::{EventJson, FeedEnd, FeedReadResult, PublishedEvents, parse_outbox_entry};

/// A DynamoDB item: attribute values by attribute name.
pub type TableItem = HashMap<String, AttributeValue>;

/// Maximum number of items of a BatchGetItem.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const MAX_BATCH_GET_ITEMS: usize = 100;
/// Number of concurrent BatchGetItems of one read.
const CONCURRENT_BATCH_GETS: usize = 10;

/// The DynamoDB table that all teams share, and its client. Cheap to clone. The access patterns are methods of the
/// store types in `groups.rs`, so that a Lambda function sees only those that it needs.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

/// Read consistency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadConsistency {
    /// Strongly consistent: sees every write that completed before. Costs twice the read units.
    Strong,
    /// Eventually consistent: may miss recent writes. Indexes support no other consistency.
    Eventual,
}

impl Table {
    /// Wraps `client` for access to the existing table `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens a connection by reading a key that no item has, for half a read unit.
    ///
    /// # Errors
    /// 503 when the table is out of reach.
    pub async fn open_connection(&self) -> Result<(), Error> {
        let request =
            self.client.get_item().table_name(&self.name).set_key(Some(keys::nonexistent_key().key_attributes()));
        send_read("GetItem", request.send()).await?;
        Ok(())
    }

    /// Reads one item.
    async fn read_item(&self, key: PrimaryKey, consistency: ReadConsistency) -> Result<Option<TableItem>, Error> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.key_attributes()));
        let request = request.consistent_read(consistency == ReadConsistency::Strong);
        Ok(send_read("GetItem", request.send()).await?.item)
    }

    /// Puts an item if `condition` holds. Returns `false` if it does not.
    async fn put_if(&self, item: TableItem, condition: WriteCondition) -> Result<bool, Error> {
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(none_if_empty(condition.names))
            .set_expression_attribute_values(none_if_empty(condition.values));
        send_conditional_write("PutItem", || request.clone().send()).await
    }

    /// Updates an item. Returns `false` if the update's condition does not hold. Retries while a transaction holds the
    /// item. The SDK also retries a request whose response was lost, so an addition may be counted twice.
    async fn update_if(&self, key: PrimaryKey, update: ItemUpdate) -> Result<bool, Error> {
        let UpdateExpression { expression, condition } = update.build_expression();
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.key_attributes()))
            .update_expression(expression)
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(none_if_empty(condition.names))
            .set_expression_attribute_values(none_if_empty(condition.values));
        send_conditional_write("UpdateItem", || request.clone().send()).await
    }

    /// Reads the items with these keys, in concurrent requests of 100 keys. Keys without an item are left out.
    async fn get_items(
        &self,
        keys: Vec<PrimaryKey>,
        consistency: ReadConsistency,
    ) -> Result<HashMap<PrimaryKey, TableItem>, Error> {
        let chunks: Vec<_> = keys.chunks(MAX_BATCH_GET_ITEMS).map(|keys| self.get_batch(keys, consistency)).collect();
        let found: Vec<Vec<TableItem>> =
            stream::iter(chunks).buffer_unordered(CONCURRENT_BATCH_GETS).try_collect().await?;
        Ok(found.into_iter().flatten().filter_map(|item| Some((PrimaryKey::of(&item)?, item))).collect())
    }

    async fn get_batch(&self, keys: &[PrimaryKey], consistency: ReadConsistency) -> Result<Vec<TableItem>, Error> {
        let mut found = Vec::new();
        let mut pending: Vec<TableItem> = keys.iter().cloned().map(PrimaryKey::key_attributes).collect();
        let mut backoff = Backoff::default();
        while !pending.is_empty() {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(pending))
                .consistent_read(consistency == ReadConsistency::Strong)
                .build()
                .map_err(|e| Error::caused_by("BatchGetItem", &e))?;
            let request = self.client.batch_get_item().request_items(&self.name, wanted);
            let output = send_read("BatchGetItem", request.send()).await?;
            found.extend(output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default());
            let left = output.unprocessed_keys.unwrap_or_default().remove(&self.name);
            pending = left.map(|left| left.keys).unwrap_or_default();
            if !pending.is_empty() {
                backoff.pause_before_retry().await.ok_or_else(|| Error::unavailable("BatchGetItem left keys over"))?;
            }
        }
        Ok(found)
    }

    /// Reads one page of a range. Also returns the key after which the next page starts, or `None` on the last page.
    async fn query_page(&self, mut query: PageQuery<'_>) -> Result<(Vec<TableItem>, Option<TableItem>), Error> {
        let Some(condition) = query.range.key_condition() else { return Ok((Vec::new(), None)) };
        let (names, values) = (query.take_expression_names(), query.take_values());
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.range.index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .set_projection_expression(query.projection_expression())
            .set_filter_expression(query.filter)
            .set_limit(query.limit.and_then(|limit| i32::try_from(limit).ok()))
            .set_exclusive_start_key(query.after)
            .scan_index_forward(!query.descending)
            .consistent_read(query.read == ReadConsistency::Strong);
        let output = send_read("Query", request.send()).await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Reads all items of a range.
    async fn query_all(&self, range: &KeyRange, read: ReadConsistency) -> Result<Vec<TableItem>, Error> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (items, last) = self.query_page(PageQuery { after, ..PageQuery::of(range, read) }).await?;
            all.extend(items);
            after = last;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Allocates `n` ids of each kind, and returns the first id of each kind. Ids that are not used afterwards leave
    /// gaps.
    async fn allocate_id_ranges<const N: usize>(
        &self,
        team: &TeamId,
        wanted: [(IdSequence, usize); N],
    ) -> Result<[u64; N], Error> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(ItemKey::Sequences.primary_key_attributes(team)))
            .return_values(ReturnValue::UpdatedNew);
        let mut additions = Vec::new();
        for (sequence, n) in wanted {
            let name = sequence.counter_attribute();
            additions.push(format!("#{name} :{name}"));
            request = request
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), number_value(n as u64));
        }
        let request = request.update_expression(format!("ADD {}", additions.join(", ")));
        let output = send_unconditional_write("UpdateItem", || request.clone().send()).await?;
        let last = output.attributes.unwrap_or_default();
        let mut first = [0; N];
        for (first, (sequence, n)) in first.iter_mut().zip(wanted) {
            let last = last.get(sequence.counter_attribute()).and_then(|value| value.as_n().ok()?.parse::<u64>().ok());
            *first = last.ok_or_else(|| Error::internal("a sequence is not a number"))? + 1 - n as u64;
        }
        Ok(first)
    }
}

/// A query for one page of a range.
struct PageQuery<'a> {
    range: &'a KeyRange,
    read: ReadConsistency,
    descending: bool,
    limit: Option<usize>,
    after: Option<TableItem>,
    /// Names of the attributes to read. Empty for all attributes.
    projection: &'static [&'static str],
    filter: Option<String>,
    names: HashMap<String, String>,
    filter_values: TableItem,
}

impl<'a> PageQuery<'a> {
    fn of(range: &'a KeyRange, read: ReadConsistency) -> Self {
        Self {
            range,
            read,
            descending: false,
            limit: None,
            after: None,
            projection: &[],
            filter: None,
            names: HashMap::new(),
            filter_values: TableItem::new(),
        }
    }
}

impl PageQuery<'_> {
    fn projection_expression(&self) -> Option<String> {
        let names: Vec<String> = (0..self.projection.len()).map(|n| format!("#p{n}")).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    fn take_expression_names(&mut self) -> HashMap<String, String> {
        let projected = self.projection.iter().enumerate().map(|(n, name)| (format!("#p{n}"), (*name).to_owned()));
        self.range.key_attribute_names().into_iter().chain(std::mem::take(&mut self.names)).chain(projected).collect()
    }

    fn take_values(&mut self) -> TableItem {
        self.range.key_attribute_values().into_iter().chain(std::mem::take(&mut self.filter_values)).collect()
    }
}

impl KeyRange {
    /// The key condition expression. `None` for an empty range, whose lower bound is above the upper one: DynamoDB
    /// rejects such a condition.
    fn key_condition(&self) -> Option<&'static str> {
        match &self.sk {
            SortKeyCondition::All => Some("#pk = :pk"),
            SortKeyCondition::Prefix(_) => Some("#pk = :pk AND begins_with(#sk, :sk)"),
            SortKeyCondition::Between(low, high) => (low <= high).then_some("#pk = :pk AND #sk BETWEEN :low AND :high"),
        }
    }

    fn key_attribute_names(&self) -> HashMap<String, String> {
        let mut names = HashMap::from([("#pk".to_owned(), self.partition_attribute().to_owned())]);
        if self.sk != SortKeyCondition::All {
            names.insert("#sk".to_owned(), self.sort_attribute().to_owned());
        }
        names
    }

    fn key_attribute_values(&self) -> TableItem {
        let mut values = TableItem::from([(":pk".to_owned(), string_value(&self.pk))]);
        match &self.sk {
            SortKeyCondition::All => {}
            SortKeyCondition::Prefix(prefix) => {
                values.insert(":sk".to_owned(), string_value(prefix));
            }
            SortKeyCondition::Between(low, high) => {
                values.insert(":low".to_owned(), string_value(low));
                values.insert(":high".to_owned(), string_value(high));
            }
        }
        values
    }
}

fn number_value(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn string_value(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Serialises `value` as an item with this primary key.
fn encode_item(key: PrimaryKey, value: &impl Serialize) -> Result<TableItem, Error> {
    let mut item: TableItem =
        serde_dynamo::to_item(value).map_err(|e| Error::caused_by("an item does not serialise", &e))?;
    item.extend(key.key_attributes());
    Ok(item)
}

/// Serialises `value` as an attribute of an item.
fn encode_value(value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|e| Error::caused_by("an attribute does not serialise", &e))
}

/// Decodes an item. If the item does not parse, the error is internal (500).
fn decode<T: DeserializeOwned>(item: TableItem) -> Result<T, Error> {
    let key = PrimaryKey::of(&item);
    let kind = key.as_ref().map(PrimaryKey::kind_prefix).unwrap_or_default().to_owned();
    serde_dynamo::from_item(item).map_err(|_| Error::internal(format!("an item of kind {kind:?} does not parse")))
}
