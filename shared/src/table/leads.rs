//! Reading, creating and updating single leads.

use std::collections::BTreeMap;

use super::keys::Key;
use super::lead_writes::{ActivityCounts, CountedWrites, DELETED, EmailLock};
use super::photos::is_free;
use super::teams::take_team;
use super::transaction::{FailedCondition, RetryState, TransactionOutcome};
use super::{Consistency, Item, Sequence, Table, decode};
use crate::error::Error;
use crate::model::{
    Action, Actor, Change, Comment, DomainError, ExistingLead, FieldError, IdempotencyKey, Lead, LeadChange, LeadId,
    LogEntry, LogId, NewLead, PhotoName, RequestBody as _, StoredResponse, Team, TeamId,
};

/// Result of an update.
#[derive(Debug)]
pub struct Updated {
    /// The lead after the update.
    pub lead: Lead,
    /// The team, whose names the answer shows.
    pub team: Team,
    /// A photo that was replaced. The caller removes its object.
    pub replaced_photo: Option<PhotoName>,
}

/// A change of one lead, with a log entry for each kind of change.
pub(super) struct LeadEdit<'a> {
    actor: &'a Actor,
    before: &'a Lead,
    after: Lead,
    entries: BTreeMap<Action, BTreeMap<String, Change>>,
}

impl<'a> LeadEdit<'a> {
    /// The change from `before` to `after` by `actor`. `team` gives the names for the log.
    pub(super) fn new(actor: &'a Actor, team: &Team, before: &'a Lead, after: Lead) -> Self {
        let changes = Change::between(Some(before), &after, team);
        Self::with_changes(actor, before, after, changes)
    }

    /// The change from `before` to `after`, with the changed fields for the log.
    pub(super) fn with_changes(
        actor: &'a Actor,
        before: &'a Lead,
        mut after: Lead,
        changes: BTreeMap<String, Change>,
    ) -> Self {
        let entries = Change::by_action(changes);
        if !entries.is_empty() {
            after.version += 1;
            after.written_at = before.next_write(actor.at);
            after.updated_at = after.written_at;
        }
        Self { actor, before, after, entries }
    }

    /// Number of log ids that [`LeadEdit::write`] needs. 0 if nothing differs.
    pub(super) fn log_entries(&self) -> usize {
        self.entries.len()
    }

    /// The lead after the change.
    pub(super) fn after(&self) -> &Lead {
        &self.after
    }

    /// Adds the change to a transaction, together with a comment if there is one. Returns the lead after the change.
    ///
    /// # Errors
    /// 500 when the lead does not serialise, or `logs` has fewer ids than [`LeadEdit::log_entries`].
    pub(super) fn write(
        mut self,
        writes: &mut CountedWrites<'_>,
        logs: &[LogId],
        comment: Option<&Comment>,
    ) -> Result<Lead, Error> {
        if logs.len() < self.entries.len() {
            return Err(Error::internal("a log entry has no id"));
        }
        let mut activity = ActivityCounts { logs: self.entries.len() as u64, comments: 0 };
        if let Some(comment) = comment {
            activity = ActivityCounts { logs: activity.logs + 1, comments: 1 };
            self.after.written_at = comment.created_at;
        }
        writes.deltas.change(&self.before.counted_properties(), &self.after.counted_properties());
        writes.transaction.overwrite_lead(self.actor, self.before, &mut self.after, activity)?;
        for (log, (action, changes)) in logs.iter().zip(self.entries) {
            let entry = LogEntry::new(self.actor, *log, action, self.after.id.get(), changes);
            writes.transaction.add_log_entry(&self.actor.team, self.after.id, &entry.at(self.after.updated_at));
        }
        Ok(self.after)
    }
}

/// Decodes a lead's item. `None` for a tombstone.
pub(super) fn decode_live_lead(item: Item) -> Result<Option<Lead>, Error> {
    if item.contains_key(DELETED) { Ok(None) } else { decode(item).map(Some) }
}

pub(super) fn log_id(value: u64) -> Result<LogId, Error> {
    LogId::new(value).ok_or_else(|| Error::internal("log ids are used up"))
}

pub(super) fn lead_id(value: u64) -> Result<LeadId, Error> {
    LeadId::new(value).ok_or_else(|| Error::internal("lead ids are used up"))
}

/// 400 for a photo that is no free upload, with the endpoint's `message`.
pub(super) fn photo_unavailable(message: &'static str) -> Error {
    Error::invalid(message, vec![FieldError::new("photo", PhotoName::unavailable())])
}

impl Table {
    /// A lead and its team. One trip.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn lead(&self, team: &TeamId, id: LeadId) -> Result<(Lead, Team), Error> {
        let lead = Key::Lead(id).of(team);
        let mut items = self.get_all(vec![lead.clone(), Key::Team.of(team)], Consistency::Strong).await?;
        let lead =
            items.remove(&lead).map(decode_live_lead).transpose()?.flatten().ok_or_else(Error::lead_not_found)?;
        Ok((lead, take_team(&mut items, team)?))
    }

    /// Creates a lead. Two trips, three with `idempotency_key`. A caller who may not read leads (`reads`) learns that
    /// an address exists only from a request that is valid in every other way.
    ///
    /// # Errors
    /// 404 for an unknown status, 400 for an e-mail address that exists, or naming every bad field.
    pub async fn create_lead(
        &self,
        actor: &Actor,
        new: &NewLead,
        idempotency_key: Option<&IdempotencyKey>,
        caller_may_read: bool,
        answer: impl Fn(&Team, &Lead) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let mut tries = RetryState::default();
        let mut ids = None;
        loop {
            let (team, taken) = match (idempotency_key, ids) {
                // An invalid lead takes no id.
                (None, None) if new.is_invalid() => (self.team(&actor.team).await?, None),
                // The stored answer is read first: a repeated request takes no id.
                (Some(idempotency_key), _) => match self.team_or_answer(actor, Some(idempotency_key)).await? {
                    (_, Some(answer)) => return Ok(answer),
                    (team, None) => (team, ids),
                },
                (None, None) => {
                    let (team, taken) = tokio::try_join!(self.team(&actor.team), self.lead_ids(actor, None))?;
                    (team, Some(taken))
                }
                (None, Some(_)) => (self.team(&actor.team).await?, ids),
            };
            if let Err(refusal) = new.check(&team) {
                return Err(self.refused(actor, refusal, Some(new.photo())).await);
            }
            let taken = self.lead_ids(actor, taken).await?;
            ids = Some(taken);
            let mut lead = new.to_lead(&team, taken.0, actor.at)?;
            let mut writes = CountedWrites::new(self);
            let answer = answer(&team, &lead);
            // The answer is the transaction's first item: of two concurrent equal requests, the second one fails on the
            // answer and not on its own e-mail address.
            writes.transaction.store_response(actor, idempotency_key, &answer);
            writes.create(actor, &team, taken.1, &mut lead);
            let outcome = writes.commit(actor, &mut tries).await?;
            match &outcome {
                TransactionOutcome::Committed => return Ok(answer),
                TransactionOutcome::Refused(FailedCondition::EmailTaken, lock) => {
                    if let Some(photo) = new.photo().parse().ok().filter(|_| !caller_may_read)
                        && !is_free(self.upload(&actor.team, &photo).await?.as_ref(), actor.at)
                    {
                        return Err(photo_unavailable(NewLead::INVALID));
                    }
                    self.check_email_is_free(actor, lock.as_ref()).await?;
                }
                TransactionOutcome::Refused(FailedCondition::PhotoUnavailable, _) => {
                    return Err(photo_unavailable(NewLead::INVALID));
                }
                TransactionOutcome::Refused(..) | TransactionOutcome::Contended => {}
            }
            tries.after(&outcome).await?;
        }
    }

    /// The error for an invalid lead. It also names the request's photo if that is no free upload.
    async fn refused(&self, actor: &Actor, refusal: DomainError, photo: Option<&str>) -> Error {
        let Some(photo) = photo.and_then(|photo| photo.parse().ok()) else { return refusal.into() };
        match self.upload(&actor.team, &photo).await {
            Ok(upload) if is_free(upload.as_ref(), actor.at) => refusal.into(),
            Ok(_) => refusal.with_lead_fault(FieldError::new("photo", PhotoName::unavailable())).into(),
            Err(error) => error,
        }
    }

    async fn lead_ids(&self, actor: &Actor, taken: Option<(LeadId, LogId)>) -> Result<(LeadId, LogId), Error> {
        if let Some(taken) = taken {
            return Ok(taken);
        }
        let [lead, log] = self.next_ids(&actor.team, [(Sequence::Lead, 1), (Sequence::Log, 1)]).await?;
        Ok((lead_id(lead)?, log_id(log)?))
    }

    pub(super) async fn next_lead_id(&self, team: &TeamId) -> Result<LeadId, Error> {
        let [lead] = self.next_ids(team, [(Sequence::Lead, 1)]).await?;
        lead_id(lead)
    }

    /// Fails with 400 and the lead if a live lead owns the address. No error if the address has been freed since.
    async fn check_email_is_free(&self, actor: &Actor, lock: Option<&Item>) -> Result<(), Error> {
        let Some(lock) = lock else { return Ok(()) };
        let lock: EmailLock = decode(lock.clone())?;
        let item = self.get(Key::Lead(lock.lead).of(&actor.team), Consistency::Strong).await?;
        let owner = item.map(decode_live_lead).transpose()?.flatten();
        owner.map_or(Ok(()), |owner| Err(Error::email_exists(ExistingLead { id: owner.id, archived: owner.archived })))
    }

    /// Changes a lead. Two trips. `expected` accepts the versions that may be changed (`If-Match`). `keep` promotes an
    /// upload before the lead is given it. Writes nothing if nothing differs.
    ///
    /// # Errors
    /// 404, 412 for another version, 400 for an e-mail address that exists, or naming every bad field.
    pub async fn update_lead<F: Future<Output = Result<(), Error>>>(
        &self,
        actor: &Actor,
        id: LeadId,
        change: &LeadChange,
        expected: impl Fn(u64) -> bool,
        promote: impl Fn(PhotoName) -> F,
    ) -> Result<Updated, Error> {
        let mut tries = RetryState::default();
        let mut logs = Vec::new();
        let (mut before, mut team) = if change.is_invalid() {
            self.lead(&actor.team, id).await?
        } else {
            // Most changes need one log entry.
            let (read, ()) = tokio::try_join!(self.lead(&actor.team, id), self.take_logs(actor, &mut logs, 1))?;
            read
        };
        loop {
            if !expected(before.version) {
                return Err(Error::precondition_failed());
            }
            let after = match change.apply(&before, &team) {
                Ok(after) => after,
                Err(refusal) => {
                    let photo = change.photo().filter(|photo| *photo != before.photo);
                    return Err(self.refused(actor, refusal, photo).await);
                }
            };
            if let Some(photo) = after.photo.parse().ok().filter(|_| after.photo != before.photo) {
                promote(photo).await?;
            }
            let edit = LeadEdit::new(actor, &team, &before, after);
            if edit.log_entries() == 0 {
                return Ok(Updated { lead: before, team, replaced_photo: None });
            }
            self.take_logs(actor, &mut logs, edit.log_entries()).await?;
            let mut writes = CountedWrites::new(self);
            let after = edit.write(&mut writes, &logs, None)?;
            let outcome = writes.commit(actor, &mut tries).await?;
            match &outcome {
                TransactionOutcome::Committed => {
                    let replaced_photo = (before.photo != after.photo).then(|| before.photo.parse().ok()).flatten();
                    return Ok(Updated { lead: after, team, replaced_photo });
                }
                TransactionOutcome::Refused(FailedCondition::EmailTaken, lock) => {
                    self.check_email_is_free(actor, lock.as_ref()).await?
                }
                TransactionOutcome::Refused(FailedCondition::PhotoUnavailable, _) => {
                    return Err(photo_unavailable(NewLead::INVALID));
                }
                TransactionOutcome::Refused(..) | TransactionOutcome::Contended => {}
            }
            tries.after(&outcome).await?;
            (before, team) = self.lead(&actor.team, id).await?;
        }
    }

    /// Allocates log ids until `logs` has `wanted` of them. Ids that an earlier attempt of the request allocated are
    /// used again.
    pub(super) async fn take_logs(&self, actor: &Actor, logs: &mut Vec<LogId>, wanted: usize) -> Result<(), Error> {
        let missing = wanted.saturating_sub(logs.len());
        if missing > 0 {
            let [first] = self.next_ids(&actor.team, [(Sequence::Log, missing)]).await?;
            for id in (first..).take(missing) {
                logs.push(log_id(id)?);
            }
        }
        Ok(())
    }

    /// The id of a request's single log entry, the same in every attempt.
    pub(super) async fn log_once(&self, actor: &Actor, taken: Option<LogId>) -> Result<LogId, Error> {
        match taken {
            Some(log) => Ok(log),
            None => log_id(self.next_ids(&actor.team, [(Sequence::Log, 1)]).await?[0]),
        }
    }
}
