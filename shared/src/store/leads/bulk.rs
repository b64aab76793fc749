//! Bulk changes: archive, restore, delete, or set the status of many leads, in a few concurrent transactions.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::domain::error::Error;
use crate::domain::{Action, Actor, ErrorCode, FieldError, Lead, LeadId, LogId, StatusId, Team, TeamId, to_hex};
use crate::store::ids::{IdSequence, id_from_number};
use crate::store::keys::ItemKey;
use crate::store::keys::attribute::lead::DELETED_BY;
use crate::store::leads::LeadEdit;
use crate::store::leads::chunked_write::{AfterFailedCondition, ChunkedWrite, SentChunk, WorkerError, run_workers};
use crate::store::leads::removal::DeletedLeads;
use crate::store::leads::writes::CountedWrites;
use crate::store::store_types::LeadStore;
use crate::store::teams::take_team;
use crate::store::transaction::{FailedCondition, RetryState};
use crate::store::{ReadConsistency, Table, TableItem, decode};

/// Maximum number of leads in a transaction. With a log entry and two counters for each, 24 leads take 96 of the 100
/// items of a transaction.
const MAX_TRANSACTION_LEADS: usize = 24;

/// A change that is applied to many leads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkChange {
    /// Set the archived flag, which hides leads from search and, by default, from lists.
    Archive,
    /// Clear the archived flag.
    Restore,
    /// Set the status.
    ChangeStatus(StatusId),
    /// Delete permanently.
    Delete,
    /// Delete a single lead permanently.
    DeleteOne,
}

impl BulkChange {
    /// The action of the log entry that a change of one lead writes. `None` for a deletion: the publisher makes its
    /// event from the tombstone.
    fn logged_action(self) -> Option<Action> {
        match self {
            Self::Archive => Some(Action::ArchiveLead),
            Self::Restore => Some(Action::RestoreLead),
            Self::ChangeStatus(_) => Some(Action::ChangeLeadStatus),
            Self::Delete | Self::DeleteOne => None,
        }
    }

    fn is_already_made(self, lead: &Lead) -> bool {
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
    fn check_status_exists(self, team: &Team) -> Result<(), Error> {
        match self {
            Self::ChangeStatus(status) if team.status(status).is_none() => {
                let fault = FieldError::new("statusId", Team::unknown_status_fault());
                Err(Error::bad_request(ErrorCode::UnknownStatus, "Invalid status ID").with_fields(vec![fault]))
            }
            _ => Ok(()),
        }
    }

    /// The error that the endpoint documents for ids of no lead.
    fn unknown_leads_error(self, ids: &[LeadId]) -> Error {
        let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let named = vec![FieldError::new("ids", ErrorCode::LeadNotFound.with_message(format!("unknown: {ids}")))];
        match self {
            Self::Archive | Self::Restore | Self::Delete => Error::leads_not_found().with_fields(named),
            Self::ChangeStatus(_) => Error::lead_not_found().with_fields(named),
            Self::DeleteOne => Error::lead_not_found(),
        }
    }
}

/// Result of a bulk change.
#[derive(Debug)]
pub struct BulkResult {
    /// The team, for the names of statuses and businesses in the response.
    pub team: Team,
    /// The leads that this request or an earlier try of the request deleted.
    pub deleted: DeletedLeads,
}

/// A lead's item.
enum StoredLead {
    Live(Box<Lead>),
    /// Deleted by an earlier try of the same request, which is a deletion of the same set of ids.
    Deleted(Box<Lead>),
}

/// A bulk request.
struct BulkRequest<'a> {
    actor: &'a Actor,
    bulk: BulkChange,
    logs: BTreeMap<LeadId, u64>,
    /// Hash of the leads' ids, stored in tombstones. By this hash, a repeated deletion recognises leads that its
    /// earlier try deleted.
    name: String,
    /// Returns whether a lead with this version may be changed (`If-Match`).
    expected: &'a (dyn Fn(u64) -> bool + Sync),
}

impl BulkRequest<'_> {
    fn log_id(&self, id: LeadId) -> Result<LogId, Error> {
        id_from_number(self.logs.get(&id).copied().unwrap_or_default())
    }
}

impl LeadStore {
    /// Changes 1-100 leads in a few concurrent transactions. Leads that already have the wanted state are not written.
    ///
    /// # Errors
    /// The endpoint's error for an unknown lead or status, before anything is written. An error after the first
    /// committed transaction lists in `applied` the leads that have the wanted state.
    pub async fn change_leads(
        &self,
        actor: &Actor,
        ids: &BTreeSet<LeadId>,
        bulk: BulkChange,
    ) -> Result<BulkResult, Error> {
        self.change_leads_if_expected(actor, ids, bulk, &|_| true).await
    }

    /// Deletes a lead if `expected` accepts its version. Two round trips.
    ///
    /// # Errors
    /// 404 when the team has no such lead, 412 when `expected` rejects the lead's version.
    pub async fn delete_lead(
        &self,
        actor: &Actor,
        id: LeadId,
        expected: impl Fn(u64) -> bool + Sync,
    ) -> Result<DeletedLeads, Error> {
        Ok(self.change_leads_if_expected(actor, &BTreeSet::from([id]), BulkChange::DeleteOne, &expected).await?.deleted)
    }
}

impl Table {
    async fn change_leads_if_expected(
        &self,
        actor: &Actor,
        ids: &BTreeSet<LeadId>,
        bulk: BulkChange,
        expected: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<BulkResult, Error> {
        let (read, first_log) = match bulk.logged_action() {
            None => (self.read_lead_items(&actor.team, ids, false).await?, 0),
            Some(_) => {
                let log_ids = self.allocate_id_ranges(&actor.team, [(IdSequence::Log, ids.len())]);
                let (read, [first]) = tokio::try_join!(self.read_lead_items(&actor.team, ids, true), log_ids)?;
                (read, first)
            }
        };
        let sorted: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let name = to_hex(&Sha256::digest(sorted.join(","))[..8]);
        let request = BulkRequest { actor, bulk, logs: ids.iter().copied().zip(first_log..).collect(), name, expected };
        let (items, team) = read;
        let leads = request.decode_leads(&items, ids)?;
        // If an earlier request deleted every one of these leads, their ids are unknown.
        if leads.values().all(|lead| matches!(lead, StoredLead::Deleted(_))) {
            return Err(bulk.unknown_leads_error(&ids.iter().copied().collect::<Vec<_>>()));
        }
        bulk.check_status_exists(&team)?;
        let mut deleted = Vec::new();
        let mut live = Vec::new();
        for lead in leads.into_values() {
            match lead {
                StoredLead::Deleted(lead) => deleted.push(*lead),
                StoredLead::Live(lead) => {
                    if bulk.logged_action().is_none() {
                        deleted.push((*lead).clone());
                    }
                    live.push(*lead);
                }
            }
        }
        // Leads of the same day share counters, so that more leads fit a transaction if each worker has leads of few
        // days.
        live.sort_by_key(|lead| (lead.created_at, lead.id));
        let workers = live.len().div_ceil(MAX_TRANSACTION_LEADS).max(1);
        let leads_of_workers = live.chunks(live.len().div_ceil(workers).max(1));
        let workers = leads_of_workers.map(|leads| BulkWorker::new(self, &request, &team, leads)).collect();
        let mut left = BTreeSet::new();
        let mut failure = None;
        for (worker, interrupted) in run_workers(workers).await {
            left.extend(worker.leads.into_keys());
            failure = Error::prefer_unknown_outcome(failure, interrupted.map(|interrupted| interrupted.error));
        }
        match failure {
            None => Ok(BulkResult { team, deleted: DeletedLeads(deleted) }),
            Some(error) => Err(with_applied_leads(error, ids, &left)),
        }
    }

    /// Reads the items of leads, tombstones included, and the team if `with_team`. One round trip: more than 100 items
    /// are read by concurrent requests.
    async fn read_lead_items(
        &self,
        team: &TeamId,
        ids: &BTreeSet<LeadId>,
        with_team: bool,
    ) -> Result<(BTreeMap<LeadId, TableItem>, Team), Error> {
        let leads: BTreeMap<_, LeadId> = ids.iter().map(|id| (ItemKey::Lead(*id).of(team), *id)).collect();
        let keys = leads.keys().cloned().chain(with_team.then(|| ItemKey::Team.of(team))).collect();
        let mut items = self.get_items(keys, ReadConsistency::Strong).await?;
        let names = take_team(&mut items, team)?;
        Ok((items.into_iter().filter_map(|(key, item)| Some((*leads.get(&key)?, item))).collect(), names))
    }
}

/// A worker with its share of the leads to change.
struct BulkWorker<'a> {
    table: &'a Table,
    request: &'a BulkRequest<'a>,
    team: &'a Team,
    leads: BTreeMap<LeadId, Lead>,
}

impl<'a> BulkWorker<'a> {
    fn new(table: &'a Table, request: &'a BulkRequest<'a>, team: &'a Team, leads: &[Lead]) -> Self {
        let leads = leads.iter().filter(|lead| !request.bulk.is_already_made(lead)).map(|lead| (lead.id, lead.clone()));
        Self { table, request, team, leads: leads.collect() }
    }

    /// Adds the change of one lead to a transaction. Returns `false` if the transaction has no room for the change.
    fn add_lead_change(&self, before: &Lead, writes: &mut CountedWrites<'_>) -> Result<bool, Error> {
        let mut part = writes.empty_part();
        match self.request.bulk.logged_action() {
            None => {
                part.deltas.remove_lead(&before.counted_properties());
                part.transaction.delete_lead(self.request.actor, before, &self.request.name);
            }
            Some(_) => {
                let mut after = before.clone();
                self.request.bulk.apply(&mut after);
                let edit = LeadEdit::new(self.request.actor, self.team, before, after);
                edit.write_into(&mut part, &[self.request.log_id(before.id)?], None)?;
            }
        }
        Ok(writes.add_if_fits(part, 0))
    }
}

impl ChunkedWrite for BulkWorker<'_> {
    const MAX_ENTRIES_PER_TRANSACTION: usize = usize::MAX;

    /// Ids of the leads that the transaction writes.
    type SentEntries = Vec<LeadId>;

    fn is_done(&self) -> bool {
        self.leads.is_empty()
    }

    async fn send_chunk(&mut self, max: usize, tries: &mut RetryState) -> Result<SentChunk<Vec<LeadId>>, WorkerError> {
        let mut writes = CountedWrites::new(self.table);
        let mut chunk = Vec::new();
        for (id, lead) in self.leads.iter().take(max) {
            if !self.add_lead_change(lead, &mut writes)? {
                break;
            }
            chunk.push(*id);
        }
        let outcome = writes.commit(self.request.actor, tries).await?;
        Ok(SentChunk { outcome, entries: chunk.len(), chunk })
    }

    fn remove_committed(&mut self, chunk: Vec<LeadId>) {
        self.leads.retain(|id, _| !chunk.contains(id));
    }

    async fn replan_after_failed_condition(
        &mut self,
        _: FailedCondition,
        _: Vec<LeadId>,
    ) -> Result<AfterFailedCondition, Error> {
        let (request, ids) = (self.request, self.leads.keys().copied().collect());
        let with_team = request.bulk.logged_action().is_some();
        let (items, team) = self.table.read_lead_items(&request.actor.team, &ids, with_team).await?;
        request.bulk.check_status_exists(&team)?;
        let live = request.decode_leads(&items, &ids)?.into_values().filter_map(StoredLead::into_live_lead);
        self.leads = live.filter(|lead| !request.bulk.is_already_made(lead)).map(|lead| (lead.id, lead)).collect();
        Ok(AfterFailedCondition::ReadAgain)
    }
}

impl StoredLead {
    fn into_live_lead(self) -> Option<Lead> {
        match self {
            Self::Live(lead) => Some(*lead),
            Self::Deleted(_) => None,
        }
    }
}

impl BulkRequest<'_> {
    /// Decodes the leads of `ids`, both live leads and leads that an earlier try of this request has deleted.
    ///
    /// # Errors
    /// The endpoint's error for unknown ids, 412 when a version is not accepted.
    fn decode_leads(
        &self,
        items: &BTreeMap<LeadId, TableItem>,
        ids: &BTreeSet<LeadId>,
    ) -> Result<BTreeMap<LeadId, StoredLead>, Error> {
        let mut leads = BTreeMap::new();
        let mut unknown = Vec::new();
        for id in ids {
            let item = items.get(id);
            let deleted =
                item.and_then(|item| item.get(DELETED_BY)).map(|by| by.as_s().is_ok_and(|by| *by == self.name));
            match (item, deleted) {
                (Some(item), None) => {
                    let lead: Lead = decode(item.clone())?;
                    if !(self.expected)(lead.version) {
                        return Err(Error::precondition_failed());
                    }
                    leads.insert(*id, StoredLead::Live(Box::new(lead)));
                }
                (Some(item), Some(true)) if self.bulk.logged_action().is_none() => {
                    leads.insert(*id, StoredLead::Deleted(Box::new(decode(item.clone())?)));
                }
                _ => unknown.push(*id),
            }
        }
        if unknown.is_empty() { Ok(leads) } else { Err(self.bulk.unknown_leads_error(&unknown)) }
    }
}

/// Adds to an error the list of leads that already have the wanted state.
fn with_applied_leads(error: Error, ids: &BTreeSet<LeadId>, left: &BTreeSet<LeadId>) -> Error {
    let applied: Vec<LeadId> = ids.difference(left).copied().collect();
    if applied.is_empty() {
        return error;
    }
    let others =
        if error.is_outcome_unknown() { "it is not known of all others" } else { "the others are as they were" };
    error
        .with_description(format!("The leads in `applied` are as you wanted, {others}. Send the same request again."))
        .with_applied_leads(applied)
}
