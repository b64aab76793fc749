//! Reading, creating and updating single leads.

pub(super) mod batch;
pub(super) mod bulk;
mod chunked_write;
pub(super) mod lead_key;
pub(super) mod listing;
pub(super) mod removal;
pub(super) mod search;
pub(super) mod upsert;
pub(super) mod writes;

use std::collections::BTreeMap;

use self::lead_key::LeadKey;
use self::writes::{ActivityCounts, CountedWrites, Lock, decode_live_lead};
use super::ids::{IdSequence, id_from_number};
use super::keys::ItemKey;
use super::teams::take_team;
use super::{ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{
    Action, Actor, Change, Comment, DomainError, ErrorCode, ExistingLead, FieldError, IdempotencyKey, Lead, LeadChange,
    LeadId, LogEntry, LogId, NewLead, PhotoName, Team, TeamId,
};
use crate::store::StoredResponse;
use crate::store::store_types::LeadStore;
use crate::store::transact::{DecisionResult, WriteAttempt};

/// Result of an update.
#[derive(Debug)]
pub struct UpdatedLead {
    /// The lead after the update.
    pub lead: Lead,
    /// The team, for the names of statuses and businesses in the response.
    pub team: Team,
    /// The photo that the update replaced, if any. The caller removes its S3 object.
    pub replaced_photo: Option<PhotoName>,
}

/// A change of one lead, with one log entry for each kind of change.
pub(super) struct LeadEdit<'a> {
    actor: &'a Actor,
    before: &'a Lead,
    after: Lead,
    entries: BTreeMap<Action, BTreeMap<String, Change>>,
}

impl<'a> LeadEdit<'a> {
    /// The change from `before` to `after` by `actor`. `team` resolves ids to names for the log entries.
    pub(super) fn new(actor: &'a Actor, team: &Team, before: &'a Lead, after: Lead) -> Self {
        let changes = Change::changes_between_leads(Some(before), &after, team);
        Self::with_changes(actor, before, after, changes)
    }

    /// Builds a [`LeadEdit`] as [`LeadEdit::new`] does, with the changed fields that the log entries show.
    pub(super) fn with_changes(
        actor: &'a Actor,
        before: &'a Lead,
        mut after: Lead,
        changes: BTreeMap<String, Change>,
    ) -> Self {
        let entries = Change::group_by_action(changes);
        if !entries.is_empty() {
            after.version += 1;
            after.written_at = before.next_write_time(actor.at);
            after.updated_at = after.written_at;
        }
        Self { actor, before, after, entries }
    }

    /// Number of log ids that [`LeadEdit::write_into`] needs. 0 if no field changes.
    pub(super) fn log_entry_count(&self) -> usize {
        self.entries.len()
    }

    /// The lead after the change.
    pub(super) fn lead_after(&self) -> &Lead {
        &self.after
    }

    /// Adds the change to a transaction, and counts `comment`, which the caller adds, in the lead's number of comments.
    /// Returns the lead after the change.
    ///
    /// # Errors
    /// 500 when the lead does not serialise, or `logs` has fewer ids than [`LeadEdit::log_entry_count`].
    pub(super) fn write_into(
        mut self,
        writes: &mut CountedWrites<'_>,
        logs: &[LogId],
        comment: Option<&Comment>,
    ) -> Result<Lead, Error> {
        if logs.len() < self.entries.len() {
            return Err(Error::internal("a log entry has no id"));
        }
        let mut activity = ActivityCounts { logs: self.entries.len() as i64, comments: 0 };
        if let Some(comment) = comment {
            activity = ActivityCounts { logs: activity.logs + 1, comments: 1 };
            self.after.written_at = comment.created_at;
        }
        writes.deltas.move_lead(&self.before.counted_properties(), &self.after.counted_properties());
        writes.transaction.overwrite_lead(self.actor, self.before, &mut self.after, activity)?;
        for (log, (action, changes)) in logs.iter().zip(self.entries) {
            let entry = LogEntry::new(self.actor, *log, action, self.after.id.get(), changes);
            writes.transaction.add_log_entry(&self.actor.team, self.after.id, &entry.at(self.after.updated_at));
        }
        Ok(self.after)
    }
}

/// Maximum number of times that a lead is looked up by a key that keeps moving from lead to lead.
const MAX_KEY_READS: usize = 3;

impl Table {
    /// Reads the lead that has the address or external id, and its team. Two round trips, and two more if the key moves to
    /// another lead between them.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn lead_by_key(&self, team: &TeamId, key: &LeadKey) -> Result<(Lead, Team), Error> {
        for _ in 0..MAX_KEY_READS {
            let lock = self.read_item(key.lock_key(team), ReadConsistency::Strong).await?;
            let lock: Lock = decode(lock.ok_or_else(Error::lead_not_found)?)?;
            match self.lead(team, lock.lead).await {
                Ok((lead, names)) if key.is_key_of(&lead) => return Ok((lead, names)),
                // The lead lost the key, or was deleted, since the lock was read.
                Ok(_) => {}
                Err(error) if error.code() == ErrorCode::LeadNotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::lead_not_found())
    }

    /// Reads a lead and its team. One round trip.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn lead(&self, team: &TeamId, id: LeadId) -> Result<(Lead, Team), Error> {
        let lead = ItemKey::Lead(id).of(team);
        let mut items = self.get_items(vec![lead.clone(), ItemKey::Team.of(team)], ReadConsistency::Strong).await?;
        let lead =
            items.remove(&lead).map(decode_live_lead).transpose()?.flatten().ok_or_else(Error::lead_not_found)?;
        Ok((lead, take_team(&mut items, team)?))
    }
}

impl LeadStore {
    /// Creates a lead. Two round trips, three with `idempotency_key`. An address that another lead has is disclosed
    /// only to callers who may read leads, or if the rest of the request is valid.
    ///
    /// # Errors
    /// 404 for an unknown status, 400 for an e-mail address that another lead has or for invalid fields.
    pub async fn create_lead(
        &self,
        actor: &Actor,
        new: &NewLead,
        idempotency_key: Option<&IdempotencyKey>,
        caller_may_read: bool,
        answer: impl Fn(&Team, &Lead) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let answer = &answer;
        let photo_before_lock = new.photo_name().parse().ok().filter(|_| !caller_may_read);
        let writing = self.transact(actor, &[ItemKey::Team]).idempotent(idempotency_key);
        writing
            .prefetch_ids::<(LeadId, LogId)>(!new.is_invalid())
            .photo_before_lock(photo_before_lock)
            .respond(|mut attempt| async move {
                let team = attempt.take_team()?;
                if let Err(refusal) = new.check_against_team(&team) {
                    return Err(self.invalid_lead_error(actor, refusal, Some(new.photo_name())).await);
                }
                let (id, log) = attempt.allocated_ids().await?;
                let mut lead = new.to_lead(&team, id, actor.at)?;
                let answer = answer(&team, &lead);
                attempt.writes.create_counted_lead(actor, &team, log, &mut lead);
                attempt.commit(answer)
            })
            .await
    }

    /// Changes a lead. Two round trips. `expected` returns whether a version may be changed (`If-Match`). `promote`
    /// makes an upload permanent before the lead refers to it.
    ///
    /// # Errors
    /// 404 when the team has no such lead, 412 when `expected` rejects the lead's version, 400 for an e-mail address
    /// that another lead has or for invalid fields.
    pub async fn update_lead<F: Future<Output = Result<(), Error>>>(
        &self,
        actor: &Actor,
        lead_id: LeadId,
        change: &LeadChange,
        expected: impl Fn(u64) -> bool,
        promote: impl Fn(PhotoName) -> F,
    ) -> Result<UpdatedLead, Error> {
        let (expected, promote) = (&expected, &promote);
        let writing = self.transact(actor, &[ItemKey::Lead(lead_id), ItemKey::Team]);
        writing
            // Most changes write one log entry, so one log id is allocated in advance.
            .prefetch_ids::<LogId>(!change.is_invalid())
            .run(|mut attempt| async move {
                let (before, team) = (attempt.take_lead(lead_id)?, attempt.take_team()?);
                if !expected(before.version) {
                    return Err(Error::precondition_failed());
                }
                let after = change.apply(&before, &team);
                let update = LeadUpdate { before, team, after, photo: change.photo_name() };
                self.decide_update(attempt, update, promote, |_, updated| updated).await
            })
            .await
    }
}

/// A change of a lead that is to be written.
struct LeadUpdate<'r> {
    before: Lead,
    team: Team,
    /// The changed lead, or the reason why the change is invalid.
    after: Result<Lead, DomainError>,
    /// Name of the photo in the request.
    photo: Option<&'r str>,
}

impl LeadStore {
    /// Decides to write a changed lead, with its log entries. Makes a new photo permanent first. `result` builds the
    /// decided value, and is told whether anything changed.
    async fn decide_update<'a, T, F: Future<Output = Result<(), Error>>>(
        &self,
        mut attempt: WriteAttempt<'a>,
        LeadUpdate { before, team, after, photo }: LeadUpdate<'_>,
        promote: impl Fn(PhotoName) -> F,
        result: impl FnOnce(bool, UpdatedLead) -> T,
    ) -> DecisionResult<'a, T> {
        let actor = attempt.actor();
        let after = match after {
            Ok(after) => after,
            Err(refusal) => {
                let photo = photo.filter(|photo| *photo != before.photo);
                return Err(self.invalid_lead_error(actor, refusal, photo).await);
            }
        };
        if let Some(photo) = after.photo.parse().ok().filter(|_| after.photo != before.photo) {
            promote(photo).await?;
        }
        let edit = LeadEdit::new(actor, &team, &before, after);
        if edit.log_entry_count() == 0 {
            return attempt.write_nothing(result(false, UpdatedLead { lead: before, team, replaced_photo: None }));
        }
        let logs = attempt.allocated_log_ids(edit.log_entry_count()).await?;
        let lead = edit.write_into(&mut attempt.writes, &logs, None)?;
        let replaced_photo = (before.photo != lead.photo).then(|| before.photo.parse().ok()).flatten();
        attempt.commit(result(true, UpdatedLead { lead, team, replaced_photo }))
    }
}

impl Table {
    /// Builds the error for an invalid lead. The error also names the request's photo if that is not an unattached
    /// upload.
    async fn invalid_lead_error(&self, actor: &Actor, refusal: DomainError, photo: Option<&str>) -> Error {
        let Some(photo) = photo.and_then(|photo| photo.parse().ok()) else { return refusal.into() };
        match self.is_attachable_upload(actor, &photo).await {
            Ok(true) => refusal.into(),
            Ok(false) => refusal.with_bad_lead_field(FieldError::new("photo", PhotoName::unavailable_fault())).into(),
            Err(error) => error,
        }
    }

    /// Allocates the id of a new lead.
    pub(super) async fn allocate_lead_id(&self, team: &TeamId) -> Result<LeadId, Error> {
        let [lead] = self.allocate_id_ranges(team, [(IdSequence::Lead, 1)]).await?;
        id_from_number(lead)
    }

    /// Fails with the error that `taken` builds if a live lead has the address or external id of `lock`. Succeeds if it
    /// was freed meanwhile.
    pub(super) async fn check_lock_is_free(
        &self,
        actor: &Actor,
        lock: Option<&TableItem>,
        taken: fn(ExistingLead) -> Error,
    ) -> Result<(), Error> {
        let Some(lock) = lock else { return Ok(()) };
        let lock: Lock = decode(lock.clone())?;
        let item = self.read_item(ItemKey::Lead(lock.lead).of(&actor.team), ReadConsistency::Strong).await?;
        let owner = item.map(decode_live_lead).transpose()?.flatten();
        owner.map_or(Ok(()), |owner| Err(taken(ExistingLead::of(&owner))))
    }

    /// Allocates log ids until `logs` has `wanted` of them. Ids that an earlier attempt of the request allocated are
    /// used again.
    pub(super) async fn allocate_log_ids(
        &self,
        actor: &Actor,
        logs: &mut Vec<LogId>,
        wanted: usize,
    ) -> Result<(), Error> {
        let missing = wanted.saturating_sub(logs.len());
        if missing > 0 {
            let [first] = self.allocate_id_ranges(&actor.team, [(IdSequence::Log, missing)]).await?;
            for log in (first..).take(missing) {
                logs.push(id_from_number(log)?);
            }
        }
        Ok(())
    }
}
