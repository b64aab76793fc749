//! Queries of the clean-up Lambda: due clean-up tasks, deleted leads, and stale search entries.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::attribute::lead::DELETED_BY;
use super::keys::{CLEANUP_SHARDS, CleanupTask, ItemKey, KeyRange};
use super::leads::removal::DeletedLeads;
use super::leads::writes::decode_live_lead;
use super::store_types::CleanupStore;
use super::transaction::{RetryState, Transaction};
use super::{MAX_BATCH_GET_ITEMS, PageQuery, ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{Lead, LeadId, TeamId, Timestamp};
use crate::platform::telemetry::LOG_TARGET;

/// Maximum number of clean-up tasks that one Query reads.
const TASK_PAGE_ITEMS: usize = 100;

/// Pages of the due clean-up tasks of all teams. Every task is returned once, so that a task that fails does not block
/// later tasks.
#[derive(Debug)]
pub struct DueTaskPages<'t> {
    table: &'t Table,
    due: Timestamp,
    shards: std::ops::Range<u8>,
    /// Where the next page starts: the index shard, and the last key of its page before. `None` if the next page is the
    /// first one of the next shard.
    at: Option<(u8, Option<TableItem>)>,
}

impl DueTaskPages<'_> {
    /// Reads the next page of at most 100 tasks; `None` after the last page. The index is eventually consistent, so the
    /// caller must read a task's item before handling the task.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn next_task_page(&mut self) -> Result<Option<Vec<Result<(TeamId, CleanupTask), Error>>>, Error> {
        let Some((shard, after)) = self.at.take().or_else(|| Some((self.shards.next()?, None))) else {
            return Ok(None);
        };
        let range = KeyRange::cleanup_tasks(shard, self.due);
        let page =
            PageQuery { after, limit: Some(TASK_PAGE_ITEMS), ..PageQuery::of(&range, ReadConsistency::Eventual) };
        let (items, last) = self.table.query_page(page).await?;
        self.at = last.map(|last| (shard, Some(last)));
        let unknown = || Error::internal("an item that is no clean-up task is listed as one");
        Ok(Some(items.iter().map(|item| CleanupTask::of(item).ok_or_else(unknown)).collect()))
    }
}

impl CleanupStore {
    /// Starts reading the tasks that are due at `due`: one index shard after another, and the oldest tasks of a shard
    /// first.
    pub fn cleanup_tasks(&self, due: Timestamp) -> DueTaskPages<'_> {
        DueTaskPages { table: self, due, shards: 0..CLEANUP_SHARDS, at: None }
    }

    /// Returns those leads of `ids` that are deleted, each with its time of creation.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn filter_deleted_leads(
        &self,
        team: &TeamId,
        ids: &BTreeSet<LeadId>,
    ) -> Result<BTreeMap<LeadId, Timestamp>, Error> {
        let mut deleted = BTreeMap::new();
        let ids: Vec<LeadId> = ids.iter().copied().collect();
        for some in ids.chunks(MAX_BATCH_GET_ITEMS) {
            let keys = some.iter().map(|id| ItemKey::Lead(*id).of(team)).collect();
            for item in self.get_items(keys, ReadConsistency::Strong).await?.into_values() {
                if item.contains_key(DELETED_BY) {
                    // A tombstone that does not parse is skipped, so that the other leads are still cleaned up.
                    match decode::<Lead>(item) {
                        Ok(lead) => drop(deleted.insert(lead.id, lead.created_at)),
                        Err(error) => tracing::error!(target: LOG_TARGET, %error, "a deleted lead is not removed"),
                    }
                }
            }
        }
        Ok(deleted)
    }

    /// Reads the tombstone of a deleted lead. `None` if the lead is not deleted, or its tombstone is gone.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn tombstone(&self, team: &TeamId, id: LeadId) -> Result<Option<DeletedLeads>, Error> {
        let Some(item) = self.read_item(ItemKey::Lead(id).of(team), ReadConsistency::Strong).await? else {
            return Ok(None);
        };
        if item.contains_key(DELETED_BY) { Ok(Some(DeletedLeads(vec![decode(item)?]))) } else { Ok(None) }
    }

    /// Deletes stale entries of a lead, as many as fit one transaction. Returns `false` if the lead has none left.
    /// Readers ignore stale entries, so deleting them can wait for the clean-up.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn remove_stale_entries(&self, team: &TeamId, id: LeadId) -> Result<bool, Error> {
        let item = self.read_item(ItemKey::Lead(id).of(team), ReadConsistency::Strong).await?;
        let lead = item.map(decode_live_lead).transpose()?.flatten().filter(|lead| !lead.stale.is_empty());
        let Some(lead) = lead else { return Ok(false) };
        let mut transaction = Transaction::new(self);
        transaction.delete_stale_entries(team, &lead)?;
        transaction.commit(&mut RetryState::default()).await?;
        Ok(true)
    }
}
