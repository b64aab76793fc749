//! Deletion of leads. A transaction turns the lead into a tombstone, so that no reader finds it. The request and later
//! the clean-up function delete its other items, the tombstone last.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use crate::domain::error::Error;
use crate::domain::{CommentId, Lead, PhotoName, TeamId};
use crate::platform::backoff::Backoff;
use crate::store::keys::attribute::{PK, SK, entry};
use crate::store::keys::{ItemKey, KeyRange, PrimaryKey, is_comment};
use crate::store::requests::send_unconditional_write;
use crate::store::store_types::{CleanupStore, LeadStore};
use crate::store::{PageQuery, ReadConsistency, Table, decode};

/// Maximum number of items of a BatchWriteItem.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const MAX_BATCH_WRITE_ITEMS: usize = 25;
/// Number of concurrent BatchWriteItems of one deletion.
const CONCURRENT_BATCH_WRITES: usize = 8;
/// Maximum number of items of a lead's partition that one query reads in order to delete them.
const ACTIVITY_PAGE_ITEMS: usize = 1000;

/// Deleted leads, some of whose other items may still exist.
#[derive(Debug)]
pub struct DeletedLeads(pub(in crate::store) Vec<Lead>);

impl DeletedLeads {
    /// The photos of the deleted leads. The caller removes their S3 objects.
    pub fn photos(&self) -> impl Iterator<Item = PhotoName> {
        self.0.iter().filter_map(|lead| lead.photo.parse().ok())
    }
}

/// The attributes of a comment from which the key of its pointer is built.
#[derive(Deserialize)]
struct CommentKey {
    id: CommentId,
}

impl LeadStore {
    /// Deletes the entries of deleted leads in the lists of businesses and in the search index. After an error, readers
    /// ignore the entries that are left, and the clean-up deletes them.
    pub async fn try_remove_index_entries(&self, team: &TeamId, deleted: &DeletedLeads) {
        if let Err(error) = self.remove_index_entries(team, deleted).await {
            tracing::warn!(%error, "left to the clean-up");
        }
    }
}

impl CleanupStore {
    /// Deletes every item of deleted leads, and their tombstones last. Safe to repeat.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Readers ignore the items that are left.
    pub async fn purge(&self, team: &TeamId, deleted: &DeletedLeads) -> Result<(), Error> {
        self.remove_index_entries(team, deleted).await?;
        for lead in &deleted.0 {
            self.purge_activity(team, lead).await?;
            self.delete_items(vec![ItemKey::Lead(lead.id).of(team)]).await?;
        }
        Ok(())
    }
}

impl Table {
    async fn remove_index_entries(&self, team: &TeamId, deleted: &DeletedLeads) -> Result<(), Error> {
        self.delete_items(deleted.0.iter().flat_map(|lead| search_and_business_keys_of(team, lead)).collect()).await
    }

    /// Deletes a lead's log entries, its comments and their pointers, page by page.
    async fn purge_activity(&self, team: &TeamId, lead: &Lead) -> Result<(), Error> {
        let own = ItemKey::Lead(lead.id).of(team);
        let range = KeyRange::lead_partition(team, lead.id);
        let mut after = None;
        loop {
            let projection = &[PK, SK, entry::ID];
            let page = PageQuery {
                after,
                projection,
                limit: Some(ACTIVITY_PAGE_ITEMS),
                ..PageQuery::of(&range, ReadConsistency::Strong)
            };
            let (items, last) = self.query_page(page).await?;
            let mut keys = Vec::new();
            for item in items {
                let Some(key) = PrimaryKey::of(&item).filter(|key| *key != own) else { continue };
                if is_comment(&key) {
                    keys.push(ItemKey::CommentPointer(decode::<CommentKey>(item)?.id).of(team));
                }
                keys.push(key);
            }
            self.delete_items(keys).await?;
            after = last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    pub(in crate::store) async fn delete_items(&self, keys: Vec<PrimaryKey>) -> Result<(), Error> {
        let batches: Vec<_> = keys.chunks(MAX_BATCH_WRITE_ITEMS).map(|keys| self.delete_batch(keys)).collect();
        stream::iter(batches).buffer_unordered(CONCURRENT_BATCH_WRITES).try_collect().await
    }

    async fn delete_batch(&self, keys: &[PrimaryKey]) -> Result<(), Error> {
        let request = |key: &PrimaryKey| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone().key_attributes())).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        let pending: Result<Vec<_>, _> = keys.iter().map(request).collect();
        let mut pending = pending.map_err(|e| Error::caused_by("BatchWriteItem", &e))?;
        let mut backoff = Backoff::default();
        loop {
            let request = self.client.batch_write_item().request_items(&self.name, pending);
            let output = send_unconditional_write("BatchWriteItem", || request.clone().send()).await?;
            pending = output.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
            if pending.is_empty() {
                return Ok(());
            }
            backoff.pause_before_retry().await.ok_or_else(|| Error::unavailable("BatchWriteItem left items over"))?;
        }
    }
}

/// Keys of a lead's entries in the search index and in the lists of businesses, without duplicates, because DynamoDB
/// rejects duplicates in a batch.
fn search_and_business_keys_of(team: &TeamId, lead: &Lead) -> BTreeSet<PrimaryKey> {
    let words =
        lead.derived.words.iter_words().chain(&lead.stale.words).map(|word| ItemKey::Word(word, lead.id).of(team));
    let businesses = lead.business.iter().chain(&lead.stale.businesses);
    words.chain(businesses.map(|id| ItemKey::BusinessLead(*id, &lead.sort_position).of(team))).collect()
}
