//! The clean-up's view of the table: tasks that requests and time leave behind, found by an index.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::CleanupStore;
use super::keys::attribute::lead::DELETED;
use super::keys::{CLEANUP_SHARDS, CleanupTask, Key, Range};
use super::leads::removal::Deleted;
use super::leads::writes::decode_live_lead;
use super::transaction::{RetryState, Transaction};
use super::{Consistency, Item, MAX_BATCH_GET_ITEMS, Query, Table, decode};
use crate::domain::error::Error;
use crate::domain::{Lead, LeadId, TeamId, Timestamp};
use crate::platform::telemetry::LOG_TARGET;

/// Number of tasks of a page.
const TASK_PAGE_ITEMS: usize = 100;

/// Iterates over the due tasks of all teams, each once. A task that fails does not block those behind it.
#[derive(Debug)]
pub struct CleanupTasks<'t> {
    table: &'t Table,
    due: Timestamp,
    shards: std::ops::Range<u8>,
    /// The shard that is being read, and the position in it.
    at: Option<(u8, Option<Item>)>,
}

impl CleanupTasks<'_> {
    /// The next page of at most 100 tasks. `None` at the end. An entry that does not parse is an error in its place.
    /// The index lags behind the table, so whoever handles a task reads its item again.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn next(&mut self) -> Result<Option<Vec<Result<(TeamId, CleanupTask), Error>>>, Error> {
        let Some((shard, after)) = self.at.take().or_else(|| Some((self.shards.next()?, None))) else {
            return Ok(None);
        };
        let range = Range::cleanup_tasks(shard, self.due);
        let page = Query { after, limit: Some(TASK_PAGE_ITEMS), ..Query::of(&range, Consistency::Eventual) };
        let (items, last) = self.table.query(page).await?;
        self.at = last.map(|last| (shard, Some(last)));
        let unknown = || Error::internal("an item that is no clean-up task is listed as one");
        Ok(Some(items.iter().map(|item| CleanupTask::of(item).ok_or_else(unknown)).collect()))
    }
}

impl CleanupStore {
    /// The tasks that were due by `due`, oldest first.
    pub fn cleanup_tasks(&self, due: Timestamp) -> CleanupTasks<'_> {
        CleanupTasks { table: self, due, shards: 0..CLEANUP_SHARDS, at: None }
    }

    /// The deleted ones of these leads, each with its time of creation.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn deleted_leads(
        &self,
        team: &TeamId,
        ids: &BTreeSet<LeadId>,
    ) -> Result<BTreeMap<LeadId, Timestamp>, Error> {
        let mut deleted = BTreeMap::new();
        let ids: Vec<LeadId> = ids.iter().copied().collect();
        for some in ids.chunks(MAX_BATCH_GET_ITEMS) {
            let keys = some.iter().map(|id| Key::Lead(*id).of(team)).collect();
            for item in self.get_all(keys, Consistency::Strong).await?.into_values() {
                if item.contains_key(DELETED) {
                    // A tombstone that does not parse is skipped, so that it does not block the others.
                    match decode::<Lead>(item) {
                        Ok(lead) => drop(deleted.insert(lead.id, lead.created_at)),
                        Err(error) => tracing::error!(target: LOG_TARGET, %error, "a deleted lead is not removed"),
                    }
                }
            }
        }
        Ok(deleted)
    }

    /// What is left of a deleted lead. `None` if the lead is not deleted.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn tombstone(&self, team: &TeamId, id: LeadId) -> Result<Option<Deleted>, Error> {
        let Some(item) = self.get(Key::Lead(id).of(team), Consistency::Strong).await? else { return Ok(None) };
        if item.contains_key(DELETED) { Ok(Some(Deleted(vec![decode(item)?]))) } else { Ok(None) }
    }

    /// Removes stale search entries of a lead, as many as fit a transaction. `false` if there are none left. They match
    /// no search any more, so the clean-up is soon enough.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn remove_stale_words(&self, team: &TeamId, id: LeadId) -> Result<bool, Error> {
        let item = self.get(Key::Lead(id).of(team), Consistency::Strong).await?;
        let lead = item.map(decode_live_lead).transpose()?.flatten().filter(|lead| !lead.stale_words.is_empty());
        let Some(lead) = lead else { return Ok(false) };
        let mut transaction = Transaction::new(self);
        transaction.delete_stale_words(team, &lead);
        transaction.commit(&mut RetryState::default()).await?;
        Ok(true)
    }
}
