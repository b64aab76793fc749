//! What requests left that were cut short, and what time left: found by the index of clean-up tasks, removed for good.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::{CLEANUP_SHARDS, CleanupTask, Key, Range};
use super::lead_writes::DELETED;
use super::leads::live;
use super::removal::Deleted;
use super::transaction::{Transaction, Tries};
use super::{BATCH_GET, Consistency, Item, Query, Table, decode};
use crate::error::Error;
use crate::model::{Lead, LeadId, TeamId, Timestamp};
use crate::telemetry::TARGET;

/// Tasks that are listed at once.
const PAGE: usize = 100;

/// Walks what was to be removed by a moment, of any team, each once: what cannot be removed hides nothing behind it.
#[derive(Debug)]
pub struct CleanupTasks<'t> {
    table: &'t Table,
    due: Timestamp,
    shards: std::ops::Range<u8>,
    /// The shard that is walked, and how far.
    at: Option<(u8, Option<Item>)>,
}

impl CleanupTasks<'_> {
    /// The next hundred at most, each with an error in its place if it is none; `None` at the end. An index lags behind
    /// the table: each is looked at again before it is removed.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn next(&mut self) -> Result<Option<Vec<Result<(TeamId, CleanupTask), Error>>>, Error> {
        let Some((shard, after)) = self.at.take().or_else(|| Some((self.shards.next()?, None))) else {
            return Ok(None);
        };
        let range = Range::cleanup_tasks(shard, self.due);
        let page = Query { after, limit: Some(PAGE), ..Query::of(&range, Consistency::Eventual) };
        let (items, last) = self.table.query(page).await?;
        self.at = last.map(|last| (shard, Some(last)));
        let unknown = || Error::internal("an item that is no clean-up task is listed as one");
        Ok(Some(items.iter().map(|item| CleanupTask::of(item).ok_or_else(unknown)).collect()))
    }
}

impl Table {
    /// What was to be removed by `due`, the oldest first.
    pub fn cleanup_tasks(&self, due: Timestamp) -> CleanupTasks<'_> {
        CleanupTasks { table: self, due, shards: 0..CLEANUP_SHARDS, at: None }
    }

    /// Those of these leads that are deleted, each with when it was created.
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
        for some in ids.chunks(BATCH_GET) {
            let keys = some.iter().map(|id| Key::Lead(*id).of(team)).collect();
            for item in self.get_all(keys, Consistency::Strong).await?.into_values() {
                if item.contains_key(DELETED) {
                    // A tombstone that does not parse is left, so that it keeps none of the others from being removed.
                    match decode::<Lead>(item) {
                        Ok(lead) => drop(deleted.insert(lead.id, lead.created_at)),
                        Err(error) => tracing::error!(target: TARGET, %error, "a deleted lead is not removed"),
                    }
                }
            }
        }
        Ok(deleted)
    }

    /// A deleted lead whose tombstone is due; `None` when the lead is not deleted.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn tombstone(&self, team: &TeamId, id: LeadId) -> Result<Option<Deleted>, Error> {
        let Some(item) = self.get(Key::Lead(id).of(team), Consistency::Strong).await? else { return Ok(None) };
        if item.contains_key(DELETED) { Ok(Some(Deleted(vec![decode(item)?]))) } else { Ok(None) }
    }

    /// Removes search entries that an update of a lead left, as many as fit a transaction; `false` when there is none.
    /// The one place that does: they lead to nothing, so that later is soon enough.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn sweep(&self, team: &TeamId, id: LeadId) -> Result<bool, Error> {
        let item = self.get(Key::Lead(id).of(team), Consistency::Strong).await?;
        let lead = item.map(live).transpose()?.flatten().filter(|lead| !lead.stale_words.is_empty());
        let Some(lead) = lead else { return Ok(false) };
        let mut transaction = Transaction::new(self);
        transaction.sweep_words(team, &lead);
        transaction.commit(&mut Tries::default()).await?;
        Ok(true)
    }
}
