//! What requests left that were cut short, and what time left: found by the index of leftovers, removed for good.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::{Key, LEFTOVER_SHARDS, Leftover, Range};
use super::lead_writes::DELETED;
use super::leads::live;
use super::removal::Deleted;
use super::transaction::{Transaction, Tries};
use super::{Consistency, Query, Table, decode};
use crate::error::Error;
use crate::model::{LeadId, TeamId, Timestamp};

/// Leftovers of one shard that are taken at once.
const MOST: usize = 100;

impl Table {
    /// Up to 400 leftovers of any team that were to be removed by `now`. An index lags behind the table: each is looked
    /// at again before it is removed.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn leftovers(&self, now: Timestamp) -> Result<Vec<(TeamId, Leftover)>, Error> {
        let shards = stream::iter(0..LEFTOVER_SHARDS).map(|shard| async move {
            let range = Range::leftovers(shard, now);
            let query = Query { limit: Some(MOST), ..Query::of(&range, Consistency::Eventual) };
            Ok::<_, Error>(self.query(query).await?.0)
        });
        let items: Vec<_> = shards.buffer_unordered(LEFTOVER_SHARDS.into()).try_concat().await?;
        let unknown = || Error::internal("an item that is no leftover is listed as one");
        items.iter().map(|item| Leftover::of(item).ok_or_else(unknown)).collect()
    }

    /// A deleted lead whose tombstone is due; `None` when the lead is not deleted.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn tombstone(&self, team: &TeamId, id: LeadId) -> Result<Option<Deleted>, Error> {
        let Some(item) = self.get(Key::Lead(id).of(team)).await? else { return Ok(None) };
        if item.contains_key(DELETED) { Ok(Some(Deleted(vec![decode(item)?]))) } else { Ok(None) }
    }

    /// Removes search entries that an update of a lead left, as many as fit a transaction; `false` when there is none.
    /// The one place that does: they lead to nothing, so that later is soon enough.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn sweep(&self, team: &TeamId, id: LeadId) -> Result<bool, Error> {
        let item = self.get(Key::Lead(id).of(team)).await?;
        let lead = item.map(live).transpose()?.flatten().filter(|lead| !lead.stale_words.is_empty());
        let Some(lead) = lead else { return Ok(false) };
        let mut transaction = Transaction::new(self);
        transaction.sweep_words(team, &lead);
        transaction.commit(&mut Tries::default()).await?;
        Ok(true)
    }
}
