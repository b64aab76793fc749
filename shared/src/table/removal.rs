//! The end of a lead. First one transaction makes it a tombstone: it is nowhere any more. Then its photo's object goes,
//! then all that is left of it, and the tombstone last. Whatever interrupts this, sending the request again finishes it,
//! and so does the clean-up an hour later.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::{Key, PrimaryKey, Range, is_comment};
use super::lead_writes::DELETED;
use super::leads::{Batch, partly_applied};
use super::transaction::{Outcome, Tries};
use super::{Consistency, LEFTOVER_TRIES, Table, decode, failure, pause};
use crate::error::Error;
use crate::model::{Actor, Comment, Lead, LeadId, PhotoName, TeamId, index_words};

/// Items that one BatchWriteItem takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const BATCH_WRITE: usize = 25;
/// Requests of a removal under way at once.
const AT_ONCE: usize = 8;

/// Leads that are nowhere any more but have left something behind.
#[derive(Debug)]
pub struct Buried(pub(super) Vec<Lead>);

impl Buried {
    /// The photos whose objects are to be removed.
    pub fn photos(&self) -> impl Iterator<Item = PhotoName> {
        self.0.iter().filter_map(|lead| lead.photo.parse().ok())
    }
}

struct Plot {
    lead: Lead,
    buried: bool,
}

impl Table {
    /// Makes 1-100 leads tombstones, in atomic chunks of as many as fit one transaction. Tombstones that an interrupted
    /// request left are found again.
    ///
    /// # Errors
    /// 400 `One or more leads not found`, before anything is written. A failure after the first chunk says in `applied`
    /// which leads are gone.
    pub async fn bury_leads(&self, actor: &Actor, ids: &BTreeSet<LeadId>) -> Result<Buried, Error> {
        let mut plots = self.plots(&actor.team, ids).await?;
        let pending = |plots: &BTreeMap<LeadId, Plot>| -> BTreeSet<LeadId> {
            plots.iter().filter(|(_, plot)| !plot.buried).map(|(id, _)| *id).collect()
        };
        let mut tries = Tries::default();
        loop {
            let left = pending(&plots);
            if left.is_empty() {
                return Ok(Buried(plots.into_values().map(|plot| plot.lead).collect()));
            }
            let step = match self.bury_some(actor, &mut plots).await {
                Ok(Outcome::Committed) => {
                    tries = Tries::default();
                    continue;
                }
                Ok(_) => tries.again().await,
                Err(error) => Err(error),
            };
            let read = match step {
                Ok(()) => self.plots(&actor.team, ids).await,
                Err(error) => Err(error),
            };
            plots = read.map_err(|error| partly_applied(error, ids, &left))?;
        }
    }

    async fn bury_some(&self, actor: &Actor, plots: &mut BTreeMap<LeadId, Plot>) -> Result<Outcome, Error> {
        let mut batch = Batch::default();
        let mut taken = Vec::new();
        for plot in plots.values_mut().filter(|plot| !plot.buried) {
            if !batch.has_room() {
                break;
            }
            batch.deltas.leave(&plot.lead.facets());
            batch.transaction.bury_lead(self, actor, &plot.lead)?;
            taken.push(plot);
        }
        let outcome = batch.commit(self, &actor.team).await?;
        if matches!(outcome, Outcome::Committed) {
            taken.into_iter().for_each(|plot| plot.buried = true);
        }
        Ok(outcome)
    }

    async fn plots(&self, team: &TeamId, ids: &BTreeSet<LeadId>) -> Result<BTreeMap<LeadId, Plot>, Error> {
        let keys = ids.iter().map(|id| Key::Lead(*id).of(team)).collect();
        let items = self.get_all(keys, Consistency::Strong).await?;
        let plot = |item: super::Item| -> Result<_, Error> {
            let buried = item.contains_key(DELETED);
            let lead: Lead = decode(item)?;
            Ok((lead.id, Plot { lead, buried }))
        };
        let plots: BTreeMap<_, _> = items.into_values().map(plot).collect::<Result<_, Error>>()?;
        if plots.len() < ids.len() { Err(Error::leads_not_found()) } else { Ok(plots) }
    }

    /// Removes all that buried leads left, and their tombstones last. Safe to repeat.
    ///
    /// # Errors
    /// 503 when the table stays too busy; what is left stays invisible.
    pub async fn clear(&self, team: &TeamId, buried: &Buried) -> Result<(), Error> {
        let left: Vec<_> = buried.0.iter().map(|lead| self.left_by(team, lead)).collect();
        let left: Vec<Vec<PrimaryKey>> = stream::iter(left).buffer_unordered(AT_ONCE).try_collect().await?;
        self.delete_all(left.into_iter().flatten().collect()).await?;
        self.delete_all(buried.0.iter().map(|lead| Key::Lead(lead.id).of(team)).collect()).await
    }

    async fn left_by(&self, team: &TeamId, lead: &Lead) -> Result<Vec<PrimaryKey>, Error> {
        let own = Key::Lead(lead.id).of(team);
        let items = self.query_all(&Range::lead_partition(team, lead.id), Consistency::Strong).await?;
        let activity: Vec<PrimaryKey> = items.iter().filter_map(PrimaryKey::of).filter(|key| *key != own).collect();
        let comments = items.into_iter().filter(|item| PrimaryKey::of(item).as_ref().is_some_and(is_comment));
        let comments: Vec<Comment> = comments.map(decode).collect::<Result<_, Error>>()?;
        let pointers = comments.iter().map(|comment| Key::CommentPointer(comment.id).of(team));
        let words = index_words(lead);
        let words = words.all().chain(&lead.stale_words).map(|word| Key::Word(word, lead.id).of(team));
        let place = lead.place();
        let businesses = lead.business.iter().map(|id| Key::BusinessLead(*id, &place).of(team));
        let keys: BTreeSet<PrimaryKey> = activity.into_iter().chain(pointers).chain(words).chain(businesses).collect();
        Ok(keys.into_iter().collect())
    }

    async fn delete_all(&self, keys: Vec<PrimaryKey>) -> Result<(), Error> {
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
        let mut tries = 0;
        loop {
            let request = self.client.batch_write_item().request_items(&self.name, pending);
            let output = request.send().await.map_err(|e| failure("BatchWriteItem", e))?;
            pending = output.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
            if pending.is_empty() {
                return Ok(());
            }
            pause(&mut tries, LEFTOVER_TRIES)
                .await
                .ok_or_else(|| Error::unavailable("BatchWriteItem left items over"))?;
        }
    }
}
