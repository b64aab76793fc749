//! Leads by id: read, create, update, and change many.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::keys::Key;
use super::lead_writes::{DELETED, EmailLock};
use super::transaction::{MOST_ITEMS, Meaning, Outcome, Transaction, Tries};
use super::{Consistency, Item, Sequence, Table, decode};
use crate::error::Error;
use crate::model::{
    Action, Actor, Answer, Change, Deltas, FieldError, Lead, LeadChange, LeadId, LogEntry, LogId, NewLead, Once,
    PhotoName, StatusId, Team, TeamId,
};

/// A lead after an update.
#[derive(Debug)]
pub struct Updated {
    /// The lead as it is now.
    pub lead: Lead,
    /// The team that its names resolve in.
    pub team: Team,
    /// A photo that no lead has any more: its object is to be removed.
    pub dropped: Option<PhotoName>,
}

/// A change of many leads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// Hide from lists and search.
    Archive,
    /// Show again.
    Restore,
    /// Give this status.
    ChangeStatus(StatusId),
}

impl Bulk {
    fn action(self) -> Action {
        match self {
            Self::Archive => Action::ArchiveLead,
            Self::Restore => Action::RestoreLead,
            Self::ChangeStatus(_) => Action::ChangeLeadStatus,
        }
    }

    fn is_done(self, lead: &Lead) -> bool {
        match self {
            Self::Archive => lead.archived,
            Self::Restore => !lead.archived,
            Self::ChangeStatus(status) => lead.status_id == status,
        }
    }

    fn apply(self, lead: &mut Lead) {
        match self {
            Self::Archive => lead.archived = true,
            Self::Restore => lead.archived = false,
            Self::ChangeStatus(status) => lead.status_id = status,
        }
    }

    fn unknown_lead(self) -> Error {
        match self {
            Self::Archive | Self::Restore => Error::leads_not_found(),
            Self::ChangeStatus(_) => Error::lead_not_found(),
        }
    }
}

/// Writes of leads with the counters that they change, each counter once.
#[derive(Default)]
pub(super) struct Batch {
    pub transaction: Transaction,
    pub deltas: Deltas,
}

impl Batch {
    /// What one more lead of a bulk request can add: itself and its log entry, or its tombstone, lock and photo; and four
    /// counters, before and after.
    const ONE_MORE: usize = 3 + 8;

    /// Whether one more lead of a bulk request surely fits.
    pub(super) fn has_room(&self) -> bool {
        self.transaction.len() + self.deltas.len() + Self::ONE_MORE <= MOST_ITEMS
    }

    pub(super) async fn commit(mut self, table: &Table, team: &TeamId) -> Result<Outcome, Error> {
        self.transaction.count(table, team, &self.deltas)?;
        self.transaction.commit(table).await
    }
}

/// The failure of a bulk request, with the leads that are as wanted all the same.
pub(super) fn partly_applied(error: Error, ids: &BTreeSet<LeadId>, pending: &BTreeSet<LeadId>) -> Error {
    let applied: Vec<&LeadId> = ids.difference(pending).collect();
    if applied.is_empty() {
        return error;
    }
    error
        .describe("The leads in `applied` are as you wanted, the others are as they were. Send the same request again.")
        .detail("applied", json!(applied))
}

/// A lead's item; `None` for the tombstone of one.
pub(super) fn live(item: Item) -> Result<Option<Lead>, Error> {
    if item.contains_key(DELETED) { Ok(None) } else { decode(item).map(Some) }
}

pub(super) fn log_id(value: u64) -> Result<LogId, Error> {
    LogId::new(value).ok_or_else(|| Error::internal("log ids are used up"))
}

/// 400 for businesses that the team does not have and the lead did not have either.
fn known_businesses(team: &Team, ids: &[crate::model::BusinessId]) -> Result<(), Error> {
    let unknown: Vec<String> = ids.iter().filter(|id| team.business(**id).is_none()).map(ToString::to_string).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("unknown: {}", unknown.join(", "));
    Err(Error::invalid("Invalid lead data", vec![FieldError::new("business", message)]))
}

pub(super) fn photo_unavailable() -> Error {
    let message = "is not an uploaded photo, or belongs to another lead";
    Error::invalid("Invalid lead data", vec![FieldError::new("photo", message)])
}

/// A name that cannot be an upload's is unknown before anything is read.
fn plausible_photo(photo: &str) -> Result<(), Error> {
    let plausible = photo.is_empty() || photo.parse::<PhotoName>().is_ok();
    if plausible { Ok(()) } else { Err(photo_unavailable()) }
}

impl Table {
    /// A lead and its team, in one trip.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn lead(&self, team: &TeamId, id: LeadId) -> Result<(Lead, Team), Error> {
        let (lead, found) = (Key::Lead(id).of(team), Key::Team.of(team));
        let mut items = self.get_all(vec![lead.clone(), found.clone()], Consistency::Strong).await?;
        let lead = items.remove(&lead).map(live).transpose()?.flatten().ok_or_else(Error::lead_not_found)?;
        Ok((lead, items.remove(&found).map(decode).transpose()?.unwrap_or_default()))
    }

    /// Creates a lead: two trips, three with `once`.
    ///
    /// # Errors
    /// 404 for an unknown status; 400 for an e-mail address that is taken, or a business or photo that is unknown.
    pub async fn create_lead(
        &self,
        actor: &Actor,
        new: NewLead,
        once: Option<&Once>,
        answer: impl Fn(&Team, &Lead) -> Answer,
    ) -> Result<Answer, Error> {
        plausible_photo(&new.photo)?;
        let mut tries = Tries::default();
        let mut ids = None;
        loop {
            let (team, taken) = match (once, ids) {
                // The answer first: a repeated request takes no id.
                (Some(once), _) => match self.team_or_answer(actor, Some(once)).await? {
                    (_, Some(answer)) => return Ok(answer),
                    (team, None) => (team, self.lead_ids(actor, ids).await?),
                },
                (None, None) => tokio::try_join!(self.team(&actor.team), self.lead_ids(actor, None))?,
                (None, Some(ids)) => (self.team(&actor.team).await?, ids),
            };
            ids = Some(taken);
            if team.status(new.status_id).is_none() {
                return Err(Error::not_found("No lead status found"));
            }
            known_businesses(&team, &new.business)?;
            let mut lead = new.clone().into_lead(taken.0, actor.at);
            let changes = Change::between(None, &lead, &team);
            let entry = LogEntry::new(actor, taken.1, Action::CreateLead, lead.id.get(), changes);
            let mut batch = Batch::default();
            let answer = answer(&team, &lead);
            // First, so that of two equal requests at once the second finds the answer, not its own e-mail address.
            if let Some(once) = once {
                once.keep(self, actor, &answer, &mut batch.transaction)?;
            }
            batch.deltas.enter(&lead.facets());
            batch.transaction.write_lead(self, actor, None, &mut lead)?;
            batch.transaction.log(self, &actor.team, lead.id, &entry)?;
            match batch.commit(self, &actor.team).await? {
                Outcome::Committed => return Ok(answer),
                Outcome::Refused(Meaning::EmailTaken, lock) => self.email_taken(actor, lock).await?,
                Outcome::Refused(Meaning::PhotoUnavailable, _) => return Err(photo_unavailable()),
                Outcome::Refused(..) | Outcome::Contended => {}
            }
            tries.again().await?;
        }
    }

    async fn lead_ids(&self, actor: &Actor, taken: Option<(LeadId, LogId)>) -> Result<(LeadId, LogId), Error> {
        if let Some(taken) = taken {
            return Ok(taken);
        }
        let [lead, log] = self.next_ids(&actor.team, [(Sequence::Lead, 1), (Sequence::Log, 1)]).await?;
        let lead = LeadId::new(lead).ok_or_else(|| Error::internal("lead ids are used up"))?;
        Ok((lead, log_id(log)?))
    }

    /// 400 naming the lead that has the address; nothing when it was freed since.
    async fn email_taken(&self, actor: &Actor, lock: Option<Item>) -> Result<(), Error> {
        let Some(lock) = lock else { return Ok(()) };
        let lock: EmailLock = decode(lock)?;
        let item = self.get(Key::Lead(lock.lead).of(&actor.team)).await?;
        let owner = item.map(live).transpose()?.flatten();
        owner.map_or(Ok(()), |owner| Err(Error::email_exists(owner.id, owner.archived)))
    }

    /// Changes a lead: two trips. `expected` is the version that the caller saw; without it the last write wins.
    /// Nothing is written when nothing differs.
    ///
    /// # Errors
    /// 404, 412 when the version is another, 400 as for a new lead and for an unknown status.
    pub async fn update_lead(
        &self,
        actor: &Actor,
        id: LeadId,
        change: &LeadChange,
        expected: impl Fn(u64) -> bool,
    ) -> Result<Updated, Error> {
        let mut tries = Tries::default();
        let ids = self.next_ids(&actor.team, [(Sequence::Log, 1)]);
        let (read, [log]) = tokio::try_join!(self.lead(&actor.team, id), ids)?;
        let (mut before, mut team) = read;
        loop {
            if !expected(before.version) {
                return Err(Error::precondition_failed());
            }
            if change.status_id.is_some_and(|status| team.status(status).is_none()) {
                let unknown = vec![FieldError::new("statusId", "is not a status of the team")];
                return Err(Error::invalid("Invalid lead data", unknown));
            }
            known_businesses(&team, change.business.as_deref().unwrap_or_default())?;
            let mut after = change.clone().apply(&before);
            if after.photo != before.photo {
                plausible_photo(&after.photo)?;
            }
            let mut batch = Batch::default();
            if !self.change(&mut batch, actor, Action::UpdateLead, log_id(log)?, &before, &mut after, &team)? {
                return Ok(Updated { lead: before, team, dropped: None });
            }
            match batch.commit(self, &actor.team).await? {
                Outcome::Committed => {
                    let dropped = (before.photo != after.photo).then(|| before.photo.parse().ok()).flatten();
                    let lead = self.swept(&actor.team, after).await;
                    return Ok(Updated { lead, team, dropped });
                }
                Outcome::Refused(Meaning::EmailTaken, lock) => self.email_taken(actor, lock).await?,
                Outcome::Refused(Meaning::PhotoUnavailable, _) => return Err(photo_unavailable()),
                Outcome::Refused(..) | Outcome::Contended => {}
            }
            tries.again().await?;
            (before, team) = self.lead(&actor.team, id).await?;
        }
    }

    /// Changes 1-100 leads, in atomic chunks of as many as fit one transaction; two trips for up to about 45. Leads that
    /// are as wanted already are left alone.
    ///
    /// # Errors
    /// An unknown lead, or status, by the wording of its endpoint, before anything is written. A failure after the first
    /// chunk says in `applied` which leads are as wanted.
    pub async fn change_leads(&self, actor: &Actor, ids: &BTreeSet<LeadId>, bulk: Bulk) -> Result<Team, Error> {
        let log_ids = self.next_ids(&actor.team, [(Sequence::Log, ids.len())]);
        let (read, [first_log]) = tokio::try_join!(self.leads(&actor.team, ids), log_ids)?;
        let logs: BTreeMap<LeadId, u64> = ids.iter().copied().zip(first_log..).collect();
        let (mut leads, mut team) = read;
        let mut tries = Tries::default();
        let mut pending = ids.clone();
        loop {
            let step = match self.change_some(actor, bulk, &team, &leads, &mut pending, &logs).await {
                Ok(Outcome::Committed) if pending.is_empty() => return Ok(team),
                Ok(Outcome::Committed) => {
                    tries = Tries::default();
                    continue;
                }
                Ok(_) => tries.again().await,
                Err(error) => Err(error),
            };
            let read = match step {
                Ok(()) => self.leads(&actor.team, &pending).await,
                Err(error) => Err(error),
            };
            (leads, team) = read.map_err(|error| partly_applied(error, ids, &pending))?;
        }
    }

    /// One chunk of [`Table::change_leads`]; takes what is as wanted out of `pending`.
    async fn change_some(
        &self,
        actor: &Actor,
        bulk: Bulk,
        team: &Team,
        leads: &BTreeMap<LeadId, Lead>,
        pending: &mut BTreeSet<LeadId>,
        logs: &BTreeMap<LeadId, u64>,
    ) -> Result<Outcome, Error> {
        if matches!(bulk, Bulk::ChangeStatus(status) if team.status(status).is_none()) {
            return Err(Error::bad_request("Invalid status ID"));
        }
        if pending.iter().any(|id| !leads.contains_key(id)) {
            return Err(bulk.unknown_lead());
        }
        pending.retain(|id| leads.get(id).is_some_and(|lead| !bulk.is_done(lead)));
        let mut batch = Batch::default();
        let mut taken = Vec::new();
        for id in pending.iter() {
            let (Some(before), Some(log)) = (leads.get(id), logs.get(id)) else { continue };
            if !batch.has_room() {
                break;
            }
            let mut after = before.clone();
            bulk.apply(&mut after);
            self.change(&mut batch, actor, bulk.action(), log_id(*log)?, before, &mut after, team)?;
            taken.push(*id);
        }
        let outcome = batch.commit(self, &actor.team).await?;
        if matches!(outcome, Outcome::Committed) {
            pending.retain(|id| !taken.contains(id));
        }
        Ok(outcome)
    }

    /// Leads, those that exist, and their team, in one trip (two for 100).
    pub(super) async fn leads(
        &self,
        team: &TeamId,
        ids: &BTreeSet<LeadId>,
    ) -> Result<(BTreeMap<LeadId, Lead>, Team), Error> {
        let found = Key::Team.of(team);
        let keys = ids.iter().map(|id| Key::Lead(*id).of(team)).chain([found.clone()]).collect();
        let mut items = self.get_all(keys, Consistency::Strong).await?;
        let shared = items.remove(&found).map(decode).transpose()?.unwrap_or_default();
        let leads = items.into_values().filter_map(|item| live(item).transpose());
        let leads: Result<_, Error> = leads.map(|lead| lead.map(|lead| (lead.id, lead))).collect();
        Ok((leads?, shared))
    }

    /// Adds what turns `before` into `after` to a batch; `false` when nothing differs.
    #[expect(clippy::too_many_arguments, reason = "each is a premise or a part of one decision")]
    pub(super) fn change(
        &self,
        batch: &mut Batch,
        actor: &Actor,
        action: Action,
        log: LogId,
        before: &Lead,
        after: &mut Lead,
        team: &Team,
    ) -> Result<bool, Error> {
        let changes = Change::between(Some(before), after, team);
        if changes.is_empty() {
            return Ok(false);
        }
        after.version += 1;
        after.updated_at = actor.at;
        batch.deltas.change(&before.facets(), &after.facets());
        batch.transaction.write_lead(self, actor, Some(before), after)?;
        batch.transaction.log(
            self,
            &actor.team,
            after.id,
            &LogEntry::new(actor, log, action, after.id.get(), changes),
        )?;
        Ok(true)
    }

    /// The id of the one log entry that a request writes, however often it is tried.
    pub(super) async fn log_once(&self, actor: &Actor, taken: &mut Option<LogId>) -> Result<LogId, Error> {
        match taken {
            Some(log) => Ok(*log),
            None => Ok(*taken.insert(log_id(self.next_ids(&actor.team, [(Sequence::Log, 1)]).await?[0])?)),
        }
    }

    /// Removes the search entries that an update left stale. Not now is soon enough: they lead to nothing.
    pub(super) async fn swept(&self, team: &TeamId, mut lead: Lead) -> Lead {
        if !lead.stale_words.is_empty() {
            let mut transaction = Transaction::default();
            let swept = transaction.sweep_words(self, team, &lead);
            if swept.is_ok() && matches!(transaction.commit(self).await, Ok(Outcome::Committed)) {
                lead.stale_words.clear();
            }
        }
        lead
    }
}
