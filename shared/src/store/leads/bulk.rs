//! Changes of many leads, in a few concurrent transactions.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use crate::domain::error::Error;
use crate::domain::{Action, Actor, ErrorCode, FieldError, Lead, LeadId, LogId, StatusId, Team, TeamId};
use crate::store::ids::{Sequence, to_id};
use crate::store::keys::Key;
use crate::store::leads::LeadEdit;
use crate::store::leads::removal::Deleted;
use crate::store::leads::writes::{CountedWrites, DELETED};
use crate::store::teams::take_team;
use crate::store::transaction::{RetryState, TransactionOutcome};
use crate::store::{Consistency, Item, Table, decode};

/// Maximum number of leads of a transaction: as many as certainly fit its 100 items, each with a log entry and two
/// counters.
const MAX_TRANSACTION_LEADS: usize = 24;
/// Items that one more lead adds to a transaction, beside counters: the lead and its log entry, or its tombstone, lock
/// and photo.
const ITEMS_PER_LEAD: usize = 3;
/// Number of concurrent workers of one request. More would conflict with each other and with other requests. The bench
/// `contention` measures it.
pub(in crate::store) const CONCURRENT_WORKERS: usize = 3;

/// A change of many leads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// Hide leads from lists and search.
    Archive,
    /// Show again.
    Restore,
    /// Set the status.
    ChangeStatus(StatusId),
    /// Delete permanently.
    Delete,
    /// Delete a single lead permanently.
    DeleteOne,
}

impl Bulk {
    /// The action that is logged. A deletion is not logged: the tombstone stands for it.
    fn action(self) -> Option<Action> {
        match self {
            Self::Archive => Some(Action::ArchiveLead),
            Self::Restore => Some(Action::RestoreLead),
            Self::ChangeStatus(_) => Some(Action::ChangeLeadStatus),
            Self::Delete | Self::DeleteOne => None,
        }
    }

    fn is_done(self, lead: &Lead) -> bool {
        match self {
            Self::Archive => lead.archived,
            Self::Restore => !lead.archived,
            Self::ChangeStatus(status) => lead.status_id == status,
            Self::Delete | Self::DeleteOne => false,
        }
    }

    fn apply(self, lead: &mut Lead) {
        match self {
            Self::Archive => lead.archived = true,
            Self::Restore => lead.archived = false,
            Self::ChangeStatus(status) => lead.status_id = status,
            Self::Delete | Self::DeleteOne => {}
        }
    }

    /// # Errors
    /// 400 for an unknown status.
    fn check(self, team: &Team) -> Result<(), Error> {
        match self {
            Self::ChangeStatus(status) if team.status(status).is_none() => {
                let fault = FieldError::new("statusId", Team::unknown_status());
                Err(Error::bad_request(ErrorCode::UnknownStatus, "Invalid status ID").naming(vec![fault]))
            }
            _ => Ok(()),
        }
    }

    /// The endpoint's documented error for unknown ids.
    fn unknown(self, ids: &[LeadId]) -> Error {
        let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let named = vec![FieldError::new("ids", ErrorCode::LeadNotFound.fault(format!("unknown: {ids}")))];
        match self {
            Self::Archive | Self::Restore | Self::Delete => Error::leads_not_found().naming(named),
            Self::ChangeStatus(_) => Error::lead_not_found().naming(named),
            Self::DeleteOne => Error::lead_not_found(),
        }
    }
}

/// Result of a bulk change.
#[derive(Debug)]
pub struct Changed {
    /// The team, whose names the answer shows.
    pub team: Team,
    /// The leads that were deleted.
    pub deleted: Deleted,
}

/// A lead's item.
enum StoredLead {
    Live(Box<Lead>),
    /// Deleted by an earlier try of the same request, which is a deletion of the same ids.
    Deleted(Box<Lead>),
}

/// A bulk request.
struct BulkRequest<'a> {
    actor: &'a Actor,
    bulk: Bulk,
    logs: BTreeMap<LeadId, u64>,
    /// Identifies the request in its tombstones.
    name: String,
    /// Accepts the versions of leads that may be changed (`If-Match`).
    expected: &'a (dyn Fn(u64) -> bool + Sync),
}

impl BulkRequest<'_> {
    fn log(&self, id: LeadId) -> Result<LogId, Error> {
        to_id(self.logs.get(&id).copied().unwrap_or_default())
    }
}

impl Table {
    /// Changes 1-100 leads in a few concurrent transactions. Two trips. Leads that are in the wanted state already are
    /// left alone, and so are leads that an earlier try of the same request has deleted.
    ///
    /// # Errors
    /// The endpoint's error for an unknown lead or status, before anything is written. An error after the first
    /// transaction lists in `applied` the leads that are in the wanted state.
    pub async fn change_leads(&self, actor: &Actor, ids: &BTreeSet<LeadId>, bulk: Bulk) -> Result<Changed, Error> {
        self.change_expected(actor, ids, bulk, &|_| true).await
    }

    /// Deletes a lead if its version is accepted. Two trips.
    ///
    /// # Errors
    /// 404, 412 when the version is another.
    pub async fn delete_lead(
        &self,
        actor: &Actor,
        id: LeadId,
        expected: impl Fn(u64) -> bool + Sync,
    ) -> Result<Deleted, Error> {
        Ok(self.change_expected(actor, &BTreeSet::from([id]), Bulk::DeleteOne, &expected).await?.deleted)
    }

    async fn change_expected(
        &self,
        actor: &Actor,
        ids: &BTreeSet<LeadId>,
        bulk: Bulk,
        expected: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Changed, Error> {
        let (read, first_log) = match bulk.action() {
            None => (self.stored(&actor.team, ids, false).await?, 0),
            Some(_) => {
                let log_ids = self.next_ids(&actor.team, [(Sequence::Log, ids.len())]);
                let (read, [first]) = tokio::try_join!(self.stored(&actor.team, ids, true), log_ids)?;
                (read, first)
            }
        };
        let sorted: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let name = Sha256::digest(sorted.join(","))[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let request = BulkRequest { actor, bulk, logs: ids.iter().copied().zip(first_log..).collect(), name, expected };
        let (items, team) = read;
        let leads = request.leads(&items, ids)?;
        // If an earlier request deleted all of them, they are unknown.
        if leads.values().all(|lead| matches!(lead, StoredLead::Deleted(_))) {
            return Err(bulk.unknown(&ids.iter().copied().collect::<Vec<_>>()));
        }
        bulk.check(&team)?;
        let mut deleted = Vec::new();
        let mut live = Vec::new();
        for lead in leads.into_values() {
            match lead {
                StoredLead::Deleted(lead) => deleted.push(*lead),
                StoredLead::Live(lead) => {
                    if bulk.action().is_none() {
                        deleted.push((*lead).clone());
                    }
                    live.push(*lead);
                }
            }
        }
        // Leads of the same day share two more counters, so that more fit a transaction.
        live.sort_by_key(|lead| (lead.created_at, lead.id));
        let workers = live.len().div_ceil(MAX_TRANSACTION_LEADS).max(1);
        let workers = live.chunks(live.len().div_ceil(workers).max(1));
        let workers = workers.map(|leads| {
            let leads = leads.iter().map(|lead| (lead.id, lead.clone())).collect();
            self.run_worker(&request, &team, leads)
        });
        let mut left = BTreeSet::new();
        let mut failure = None;
        let workers: Vec<_> =
            stream::iter(workers.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_WORKERS).collect().await;
        for (of_worker, error) in workers {
            left.extend(of_worker);
            failure = Error::prefer_unknown_outcome(failure, error);
        }
        match failure {
            None => Ok(Changed { team, deleted: Deleted(deleted) }),
            Some(error) => Err(partly_applied(error, ids, &left)),
        }
    }

    /// Changes the leads of one worker, one transaction after the other. Returns the leads that are left, and the
    /// error.
    async fn run_worker(
        &self,
        request: &BulkRequest<'_>,
        team: &Team,
        mut leads: BTreeMap<LeadId, Lead>,
    ) -> (BTreeSet<LeadId>, Option<Error>) {
        let mut most = usize::MAX;
        let mut tries = RetryState::default();
        loop {
            leads.retain(|_, lead| !request.bulk.is_done(lead));
            let left = |leads: &BTreeMap<LeadId, Lead>| leads.keys().copied().collect();
            let (outcome, taken) = match self.change_some(request, team, &leads, most, &mut tries).await {
                Ok(done) => done,
                Err(error) => return (left(&leads), Some(error)),
            };
            match &outcome {
                TransactionOutcome::Committed => {
                    leads.retain(|id, _| !taken.contains(id));
                    if leads.is_empty() {
                        return (BTreeSet::new(), None);
                    }
                    most = most.saturating_mul(2);
                    continue;
                }
                // One of these leads is being written by another request. A smaller transaction spares the others the
                // wait.
                TransactionOutcome::Contended => most = (taken.len() / 2).max(1),
                TransactionOutcome::Refused(..) => {
                    let ids = left(&leads);
                    let read = self.stored(&request.actor.team, &ids, request.bulk.action().is_some()).await;
                    let checked = |(items, team)| request.bulk.check(&team).and_then(|()| request.leads(&items, &ids));
                    match read.and_then(checked) {
                        Ok(read) => {
                            leads = read.into_iter().filter_map(|(id, lead)| Some((id, lead.live()?))).collect()
                        }
                        Err(error) => return (ids, Some(error)),
                    }
                }
            }
            if let Err(error) = tries.after(&outcome).await {
                return (left(&leads), Some(error));
            }
        }
    }

    /// Sends one transaction with as many leads as fit, at most `most`.
    async fn change_some(
        &self,
        request: &BulkRequest<'_>,
        team: &Team,
        leads: &BTreeMap<LeadId, Lead>,
        most: usize,
        tries: &mut RetryState,
    ) -> Result<(TransactionOutcome, Vec<LeadId>), Error> {
        let mut writes = CountedWrites::new(self);
        let mut taken = Vec::new();
        for (id, before) in leads {
            let mut after = before.clone();
            request.bulk.apply(&mut after);
            let mut deltas = writes.deltas.clone();
            match request.bulk.action() {
                None => deltas.remove_lead(&before.counted_properties()),
                Some(_) => deltas.change(&before.counted_properties(), &after.counted_properties()),
            }
            if !writes.has_room(ITEMS_PER_LEAD, &deltas) || taken.len() >= most {
                break;
            }
            match request.bulk.action() {
                None => {
                    writes.deltas = deltas;
                    writes.transaction.delete_lead(request.actor, before, &request.name);
                }
                Some(_) => {
                    let edit = LeadEdit::new(request.actor, team, before, after);
                    edit.write(&mut writes, &[request.log(*id)?], None)?;
                }
            }
            taken.push(*id);
        }
        Ok((writes.commit(request.actor, tries).await?, taken))
    }

    /// Reads leads, tombstones included, and the team if it is wanted. One trip, two for 100 leads.
    async fn stored(
        &self,
        team: &TeamId,
        ids: &BTreeSet<LeadId>,
        with_team: bool,
    ) -> Result<(BTreeMap<LeadId, Item>, Team), Error> {
        let leads: BTreeMap<_, LeadId> = ids.iter().map(|id| (Key::Lead(*id).of(team), *id)).collect();
        let keys = leads.keys().cloned().chain(with_team.then(|| Key::Team.of(team))).collect();
        let mut items = self.get_all(keys, Consistency::Strong).await?;
        let names = take_team(&mut items, team)?;
        Ok((items.into_iter().filter_map(|(key, item)| Some((*leads.get(&key)?, item))).collect(), names))
    }
}

impl StoredLead {
    fn live(self) -> Option<Lead> {
        match self {
            Self::Live(lead) => Some(*lead),
            Self::Deleted(_) => None,
        }
    }
}

impl BulkRequest<'_> {
    /// Each lead of `ids` that exists or that an earlier try of this request has deleted.
    fn leads(
        &self,
        items: &BTreeMap<LeadId, Item>,
        ids: &BTreeSet<LeadId>,
    ) -> Result<BTreeMap<LeadId, StoredLead>, Error> {
        let mut leads = BTreeMap::new();
        let mut unknown = Vec::new();
        for id in ids {
            let item = items.get(id);
            let deleted = item.and_then(|item| item.get(DELETED)).map(|by| by.as_s().is_ok_and(|by| *by == self.name));
            match (item, deleted) {
                (Some(item), None) => {
                    let lead: Lead = decode(item.clone())?;
                    if !(self.expected)(lead.version) {
                        return Err(Error::precondition_failed());
                    }
                    leads.insert(*id, StoredLead::Live(Box::new(lead)));
                }
                (Some(item), Some(true)) if self.bulk.action().is_none() => {
                    leads.insert(*id, StoredLead::Deleted(Box::new(decode(item.clone())?)));
                }
                _ => unknown.push(*id),
            }
        }
        if unknown.is_empty() { Ok(leads) } else { Err(self.bulk.unknown(&unknown)) }
    }
}

/// Adds to an error the leads that are in the wanted state.
fn partly_applied(error: Error, ids: &BTreeSet<LeadId>, left: &BTreeSet<LeadId>) -> Error {
    let applied: Vec<LeadId> = ids.difference(left).copied().collect();
    if applied.is_empty() {
        return error;
    }
    let others =
        if error.is_outcome_unknown() { "it is not known of all others" } else { "the others are as they were" };
    error
        .describe(format!("The leads in `applied` are as you wanted, {others}. Send the same request again."))
        .applied(applied)
}
