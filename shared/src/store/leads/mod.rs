//! Reading, creating and updating single leads.

pub(super) mod batch;
pub(super) mod bulk;
mod chunked_write;
pub(super) mod listing;
pub(super) mod removal;
pub(super) mod search;
pub(super) mod writes;

use std::collections::{BTreeMap, BTreeSet};

use strum::IntoStaticStr;

use self::writes::{ActivityCounts, CountedWrites, Lock, decode_live_lead};
use super::ids::{IdSequence, id_from_number};
use super::keys::{ItemKey, PrimaryKey};
use super::teams::take_team;
use super::{ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{
    Action, Actor, Change, Comment, DomainError, Email, ExistingLead, ExternalId, ExternalSystem, FieldError,
    IdempotencyKey, Lead, LeadChange, LeadId, LeadRow, LogEntry, LogId, NewLead, PhotoName, Team, TeamId, WriteMode,
    match_lead,
};
use crate::store::StoredResponse;
use crate::store::store_types::LeadStore;

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

/// A key by which one lead is found: its e-mail address, or the id that another system has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeadKey {
    /// An e-mail address.
    Email(Email),
    /// The id of the lead in a system.
    ExternalId(ExternalSystem, ExternalId),
}

impl LeadKey {
    /// Primary key of the item that reserves the address or id for a lead.
    fn lock_key(&self, team: &TeamId) -> PrimaryKey {
        match self {
            Self::Email(email) => ItemKey::EmailLock(&email.caseless_hash()).of(team),
            Self::ExternalId(system, id) => ItemKey::ExternalIdLock(system, &id.key_hash()).of(team),
        }
    }
}

/// What a create-or-update did, see [`LeadStore::upsert_lead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum UpsertResult {
    /// It created a lead.
    Created,
    /// It changed the lead that has the external id.
    Updated,
    /// The lead had all the values already.
    Unchanged,
    /// It gave the lead that has the e-mail address the external id.
    Linked,
}

impl Table {
    /// Reads the lead that has the address or external id, and its team. Two round trips.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn lead_by_key(&self, team: &TeamId, key: &LeadKey) -> Result<(Lead, Team), Error> {
        let lock = self.read_item(key.lock_key(team), ReadConsistency::Strong).await?;
        let lock: Lock = decode(lock.ok_or_else(Error::lead_not_found)?)?;
        self.lead(team, lock.lead).await
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
        let photo_before_email = new.photo_name().parse().ok().filter(|_| !caller_may_read);
        let writing = self.transact(actor, &[ItemKey::Team]).idempotent(idempotency_key);
        writing
            .prefetch_ids::<(LeadId, LogId)>(!new.is_invalid())
            .photo_before_email(photo_before_email)
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
                let after = match change.apply(&before, &team) {
                    Ok(after) => after,
                    Err(refusal) => {
                        let photo = change.photo_name().filter(|photo| *photo != before.photo);
                        return Err(self.invalid_lead_error(actor, refusal, photo).await);
                    }
                };
                if let Some(photo) = after.photo.parse().ok().filter(|_| after.photo != before.photo) {
                    promote(photo).await?;
                }
                let edit = LeadEdit::new(actor, &team, &before, after);
                if edit.log_entry_count() == 0 {
                    return attempt.write_nothing(UpdatedLead { lead: before, team, replaced_photo: None });
                }
                let logs = attempt.allocated_log_ids(edit.log_entry_count()).await?;
                let lead = edit.write_into(&mut attempt.writes, &logs, None)?;
                let replaced_photo = (before.photo != lead.photo).then(|| before.photo.parse().ok()).flatten();
                attempt.commit(UpdatedLead { lead, team, replaced_photo })
            })
            .await
    }
}

impl LeadStore {
    /// Changes the lead that has the external id, or else the lead that has the row's e-mail address and no other id in
    /// the system, or creates a lead. Three round trips. `expected` returns whether a version may be changed
    /// (`If-Match`), and is asked for `None` if there is no lead. `promote` makes an upload permanent before the lead
    /// refers to it.
    ///
    /// # Errors
    /// 409 when external id and address name different leads, 412 when `expected` rejects the lead, 400 for invalid
    /// fields, or another external id or an address that another lead has.
    pub async fn upsert_lead<F: Future<Output = Result<(), Error>>>(
        &self,
        actor: &Actor,
        (system, id): (&ExternalSystem, &ExternalId),
        row: &LeadRow,
        expected: impl Fn(Option<u64>) -> bool,
        promote: impl Fn(PhotoName) -> F,
    ) -> Result<(UpsertResult, UpdatedLead), Error> {
        let row = &row.clone().with_external_id(system.clone(), id.clone());
        let (expected, promote) = (&expected, &promote);
        let email = row.email_of_row().map(|email| LeadKey::Email(email.clone()).lock_key(&actor.team));
        let email = &email;
        let ids: Vec<_> =
            row.new_external_ids().map(|(of, id)| (of, LeadKey::ExternalId(of.clone(), id.clone()))).collect();
        let ids: &Vec<_> = &ids.into_iter().map(|(of, key)| (of, key.lock_key(&actor.team))).collect();
        let locks = ids.iter().map(|(_, key)| key).chain(email).cloned();
        let writing = self.transact(actor, &[ItemKey::Team]).also_read(locks).reread_taken_keys();
        writing
            .run(|mut attempt| async move {
                let team = attempt.take_team()?;
                let email_owner = attempt.take_lock(email.as_ref())?;
                let mut owners = Vec::new();
                for (of, key) in ids {
                    owners.extend(attempt.take_lock(Some(key))?.map(|lead| (*of, lead)));
                }
                let leads: BTreeSet<LeadId> = owners.iter().map(|(_, lead)| *lead).chain(email_owner).collect();
                attempt.read_more(&leads.iter().map(|lead| ItemKey::Lead(*lead)).collect::<Vec<_>>()).await?;
                let mut found = BTreeMap::new();
                for lead in leads {
                    found.extend(attempt.take_live_lead(lead)?.map(|live| (lead, live)));
                }
                let by_id = owners.iter().find(|(of, _)| *of == system).and_then(|(_, lead)| found.get(lead));
                let by_email = email_owner.and_then(|lead| found.get(&lead));
                let matched =
                    match_lead((system, id), by_id, by_email).map_err(|conflict| Error::match_conflict(&conflict))?;
                let taken = owners.iter().filter_map(|(_, lead)| found.get(lead));
                if let Some(owner) = taken.into_iter().find(|owner| matched.is_none_or(|lead| lead.id != owner.id)) {
                    return Err(Error::external_id_exists(ExistingLead { id: owner.id, archived: owner.archived }));
                }
                if !expected(matched.map(|lead| lead.version)) {
                    return Err(Error::precondition_failed());
                }
                let Some(before) = matched else {
                    if let Err(refusal) = row.to_lead(&team, LeadId::MIN, actor.at) {
                        return Err(self.invalid_lead_error(actor, refusal, row.photo_name()).await);
                    }
                    let (lead_id, log) = attempt.allocated_ids().await?;
                    let mut lead = row.to_lead(&team, lead_id, actor.at)?;
                    if let Ok(photo) = lead.photo.parse() {
                        promote(photo).await?;
                    }
                    attempt.writes.create_counted_lead(actor, &team, log, &mut lead);
                    return attempt.commit((UpsertResult::Created, UpdatedLead { lead, team, replaced_photo: None }));
                };
                let after = match row.apply(before, &team, WriteMode::Overwrite) {
                    Ok(after) => after,
                    Err(refusal) => {
                        let photo = row.photo_name().filter(|photo| *photo != before.photo);
                        return Err(self.invalid_lead_error(actor, refusal, photo).await);
                    }
                };
                if let Some(photo) = after.photo.parse().ok().filter(|_| after.photo != before.photo) {
                    promote(photo).await?;
                }
                let edit = LeadEdit::new(actor, &team, before, after);
                if edit.log_entry_count() == 0 {
                    let lead = before.clone();
                    let unchanged = UpdatedLead { lead, team, replaced_photo: None };
                    return attempt.write_nothing((UpsertResult::Unchanged, unchanged));
                }
                let logs = attempt.allocated_log_ids(edit.log_entry_count()).await?;
                let lead = edit.write_into(&mut attempt.writes, &logs, None)?;
                let replaced_photo = (before.photo != lead.photo).then(|| before.photo.parse().ok()).flatten();
                let result = if by_id.is_some() { UpsertResult::Updated } else { UpsertResult::Linked };
                attempt.commit((result, UpdatedLead { lead, team, replaced_photo }))
            })
            .await
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
        owner.map_or(Ok(()), |owner| Err(taken(ExistingLead { id: owner.id, archived: owner.archived })))
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
