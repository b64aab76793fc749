//! What requests left that were cut short, and what time left: found by the index of leftovers, removed for good.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::keys::{Key, LEFTOVER_SHARDS, Leftover, Range};
use super::lead_writes::DELETED;
use super::photos::waiting;
use super::removal::Buried;
use super::transaction::{Outcome, Transaction};
use super::{Consistency, Query, Table, decode, failure};
use crate::error::Error;
use crate::model::{Lead, LeadId, PhotoName, TeamId};

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

    /// A lead whose deletion was cut short. Search entries that an update left are swept on the way; `None` when there is
    /// nothing more to do.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn tombstone(&self, team: &TeamId, id: LeadId) -> Result<Option<Buried>, Error> {
        let Some(item) = self.get(Key::Lead(id).of(team)).await? else { return Ok(None) };
        let buried = item.contains_key(DELETED);
        let lead: Lead = decode(item)?;
        if buried {
            return Ok(Some(Buried(vec![lead])));
        }
        self.swept(team, lead).await;
        Ok(None)
    }

    /// Makes sure that no lead has a photo or will; `false` when one has.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn give_up_photo(&self, team: &TeamId, photo: &PhotoName, now: Timestamp) -> Result<bool, Error> {
        let Some(upload) = self.upload(team, photo).await? else { return Ok(true) };
        let Some(until) = upload.until else { return Ok(upload.lead.is_none()) };
        let mut transaction = Transaction::default();
        transaction.discard_photo(self, team, photo, now, waiting(until))?;
        Ok(matches!(transaction.commit(self).await?, Outcome::Committed))
    }

    /// Forgets a photo that was given up, when its object is gone.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn forget_photo(&self, team: &TeamId, photo: &PhotoName) -> Result<(), Error> {
        let request = self.client.delete_item().table_name(&self.name);
        request.set_key(Some(Key::Photo(photo).attributes(team))).send().await.map_err(|e| failure("DeleteItem", e))?;
        Ok(())
    }
}
