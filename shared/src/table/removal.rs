//! The end of a lead. First one transaction makes it a tombstone: it is nowhere any more. Then what lists and search would
//! stumble over goes. The rest is the clean-up's: its log and comments, whatever a crash left, and the tombstone last.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use super::keys::{Key, PrimaryKey, Range, is_comment};
use super::requests::repeated;
use super::{Consistency, Query, Table, decode};
use crate::backoff::Backoff;
use crate::error::Error;
use crate::model::{CommentId, Lead, PhotoName, TeamId};

/// Items that one BatchWriteItem takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const BATCH_WRITE: usize = 25;
/// Requests of a removal under way at once.
const AT_ONCE: usize = 8;
/// Items of a lead that are looked at together.
const PAGE: usize = 1000;

/// Leads that are nowhere any more but have left something behind.
#[derive(Debug)]
pub struct Deleted(pub(super) Vec<Lead>);

impl Deleted {
    /// The photos whose objects are to be removed.
    pub fn photos(&self) -> impl Iterator<Item = PhotoName> {
        self.0.iter().filter_map(|lead| lead.photo.parse().ok())
    }
}

/// What of a comment tells where its pointer is.
#[derive(Deserialize)]
struct CommentKey {
    id: CommentId,
}

impl Table {
    /// Removes what deleted leads were listed and found by, as well as it goes: what stays is invisible, and the clean-up's
    /// to remove.
    pub async fn try_unlist(&self, team: &TeamId, deleted: &Deleted) {
        if let Err(error) = self.unlist(team, deleted).await {
            tracing::warn!(%error, "left to the clean-up");
        }
    }

    async fn unlist(&self, team: &TeamId, deleted: &Deleted) -> Result<(), Error> {
        self.delete_all(deleted.0.iter().flat_map(|lead| listed_by(team, lead)).collect()).await
    }

    /// Removes all that a deleted lead left, and its tombstone last. Safe to repeat.
    ///
    /// # Errors
    /// 503 when the table stays too busy; what is left stays invisible.
    pub async fn clear(&self, team: &TeamId, deleted: &Deleted) -> Result<(), Error> {
        self.unlist(team, deleted).await?;
        for lead in &deleted.0 {
            self.clear_activity(team, lead).await?;
            self.delete_all(vec![Key::Lead(lead.id).of(team)]).await?;
        }
        Ok(())
    }

    /// Removes a lead's log and comments, a page at a time.
    async fn clear_activity(&self, team: &TeamId, lead: &Lead) -> Result<(), Error> {
        let own = Key::Lead(lead.id).of(team);
        let range = Range::lead_partition(team, lead.id);
        let mut after = None;
        loop {
            let projection = Some("PK, SK, id");
            let page = Query { after, projection, limit: Some(PAGE), ..Query::of(&range, Consistency::Strong) };
            let (items, last) = self.query(page).await?;
            let mut keys = Vec::new();
            for item in items {
                let Some(key) = PrimaryKey::of(&item).filter(|key| *key != own) else { continue };
                if is_comment(&key) {
                    keys.push(Key::CommentPointer(decode::<CommentKey>(item)?.id).of(team));
                }
                keys.push(key);
            }
            self.delete_all(keys).await?;
            after = last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    pub(super) async fn delete_all(&self, keys: Vec<PrimaryKey>) -> Result<(), Error> {
        let batches: Vec<_> = keys.chunks(BATCH_WRITE).map(|keys| self.delete_batch(keys)).collect();
        stream::iter(batches).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn delete_batch(&self, keys: &[PrimaryKey]) -> Result<(), Error> {
        let request = |key: &PrimaryKey| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone().attributes())).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        let pending: Result<Vec<_>, _> = keys.iter().map(request).collect();
        let mut pending = pending.map_err(|e| Error::caused_by("BatchWriteItem", &e))?;
        let mut backoff = Backoff::default();
        loop {
            let request = self.client.batch_write_item().request_items(&self.name, pending);
            let output = repeated("BatchWriteItem", || request.clone().send()).await?;
            pending = output.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
            if pending.is_empty() {
                return Ok(());
            }
            backoff.next().await.ok_or_else(|| Error::unavailable("BatchWriteItem left items over"))?;
        }
    }
}

/// The search entries of a lead and those of its businesses; each once, as a batch may not name one twice.
fn listed_by(team: &TeamId, lead: &Lead) -> BTreeSet<PrimaryKey> {
    let words = lead.derived.words.all().chain(&lead.stale_words).map(|word| Key::Word(word, lead.id).of(team));
    let businesses = lead.business.iter().map(|id| Key::BusinessLead(*id, &lead.sort_position).of(team));
    words.chain(businesses).collect()
}
