//! Create or update of a lead by the id that another system has for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{LeadKey, LeadUpdate, UpdatedLead};
use crate::domain::error::Error;
use crate::domain::{
    Actor, ExistingLead, ExternalId, ExternalSystem, Lead, LeadId, LeadRow, LogId, PhotoName, Team, TeamId,
    UpsertResult, WriteMode, match_lead,
};
use crate::store::keys::{ItemKey, PrimaryKey};
use crate::store::store_types::LeadStore;
use crate::store::transact::{DecisionResult, WriteAttempt};

/// A row's e-mail address and external ids.
struct RowKeys<'r> {
    email: Option<LeadKey>,
    external_ids: Vec<(&'r ExternalSystem, LeadKey)>,
}

impl<'r> RowKeys<'r> {
    fn of(row: &'r LeadRow) -> Self {
        let external_id =
            |(system, id): (&'r ExternalSystem, &ExternalId)| (system, LeadKey::ExternalId(system.clone(), id.clone()));
        let email = row.email_of_row().cloned().map(LeadKey::Email);
        Self { email, external_ids: row.new_external_ids().map(external_id).collect() }
    }

    fn iter(&self) -> impl Iterator<Item = &LeadKey> {
        self.external_ids.iter().map(|(_, key)| key).chain(&self.email)
    }

    fn locks(&self, team: &TeamId) -> impl Iterator<Item = PrimaryKey> {
        self.iter().map(|key| key.lock_key(team))
    }
}

/// The leads that have a row's e-mail address and external ids.
struct KeyOwners<'r> {
    email: Option<LeadId>,
    external_ids: Vec<(&'r ExternalSystem, LeadId)>,
    leads: BTreeMap<LeadId, Lead>,
}

impl<'r> KeyOwners<'r> {
    /// Reads the leads that the locks name, from an attempt that has read the locks. One round trip if there are any.
    /// `None` if a lead no longer has the key that its lock reserved, because another request changed it since.
    async fn read(attempt: &mut WriteAttempt<'_>, keys: &RowKeys<'r>) -> Result<Option<Self>, Error> {
        let email = keys.email.as_ref().map(|key| attempt.take_lock(key)).transpose()?.flatten();
        let mut external_ids = Vec::new();
        for (system, key) in &keys.external_ids {
            external_ids.extend(attempt.take_lock(key)?.map(|lead| (*system, lead)));
        }
        let ids: BTreeSet<LeadId> = external_ids.iter().map(|(_, lead)| *lead).chain(email).collect();
        attempt.read_more(&ids.iter().map(|id| ItemKey::Lead(*id)).collect::<Vec<_>>()).await?;
        let mut leads = BTreeMap::new();
        for id in ids {
            leads.extend(attempt.take_live_lead(id)?.map(|lead| (id, lead)));
        }
        let has_key = |id: &LeadId, key: &LeadKey| leads.get(id).is_some_and(|lead| key.is_key_of(lead));
        let has_email = email.iter().zip(&keys.email).all(|(id, key)| has_key(id, key));
        let key_of = |system: &ExternalSystem| keys.external_ids.iter().find(|(of, _)| *of == system);
        let has_ids = external_ids.iter().all(|(system, id)| key_of(system).is_some_and(|(_, key)| has_key(id, key)));
        Ok((has_email && has_ids).then_some(Self { email, external_ids, leads }))
    }

    fn by_email(&self) -> Option<&Lead> {
        self.leads.get(&self.email?)
    }

    fn by_external_id(&self, system: &ExternalSystem) -> Option<&Lead> {
        let (_, id) = self.external_ids.iter().find(|(of, _)| *of == system)?;
        self.leads.get(id)
    }

    /// The lead that the row means, and `None` if there is none.
    ///
    /// # Errors
    /// 409 if external id and address name different leads, 400 if another lead has one of the row's other ids.
    fn matched(&self, (system, id): (&ExternalSystem, &ExternalId)) -> Result<Option<&Lead>, Error> {
        let matched = match_lead((system, id), self.by_external_id(system), self.by_email())
            .map_err(|conflict| Error::match_conflict(&conflict))?;
        let mut owners = self.external_ids.iter().filter_map(|(_, id)| self.leads.get(id));
        match owners.find(|owner| matched.is_none_or(|lead| lead.id != owner.id)) {
            Some(owner) => Err(Error::external_id_exists(ExistingLead::of(owner))),
            None => Ok(matched),
        }
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
        let keys = &RowKeys::of(row);
        let (expected, promote) = (&expected, &promote);
        let writing = self.transact(actor, &[ItemKey::Team]).also_read(keys.locks(&actor.team)).reread_taken_keys();
        writing
            .prefetch_ids::<LogId>(row.faults_without_team().is_empty())
            .run(|mut attempt| async move {
                let team = attempt.take_team()?;
                let Some(owners) = KeyOwners::read(&mut attempt, keys).await? else { return attempt.read_again() };
                let matched = owners.matched((system, id))?;
                if !expected(matched.map(|lead| lead.version)) {
                    return Err(Error::precondition_failed());
                }
                let Some(before) = matched.cloned() else {
                    return self.decide_creation(attempt, team, row, promote).await;
                };
                let written =
                    if owners.by_external_id(system).is_some() { UpsertResult::Updated } else { UpsertResult::Linked };
                let after = row.apply(&before, &team, WriteMode::Overwrite);
                let update = LeadUpdate { before, team, after, photo: row.photo_name() };
                let result = |changed, updated| (if changed { written } else { UpsertResult::Unchanged }, updated);
                self.decide_update(attempt, update, promote, result).await
            })
            .await
    }

    /// Decides to create the lead of a row.
    async fn decide_creation<'a, F: Future<Output = Result<(), Error>>>(
        &self,
        mut attempt: WriteAttempt<'a>,
        team: Team,
        row: &LeadRow,
        promote: impl Fn(PhotoName) -> F,
    ) -> DecisionResult<'a, (UpsertResult, UpdatedLead)> {
        let actor = attempt.actor();
        if let Err(refusal) = row.to_lead(&team, LeadId::MIN, actor.at) {
            return Err(self.invalid_lead_error(actor, refusal, row.photo_name()).await);
        }
        let (id, log) = attempt.allocated_ids().await?;
        let mut lead = row.to_lead(&team, id, actor.at)?;
        if let Ok(photo) = lead.photo.parse() {
            promote(photo).await?;
        }
        attempt.writes.create_counted_lead(actor, &team, log, &mut lead);
        attempt.commit((UpsertResult::Created, UpdatedLead { lead, team, replaced_photo: None }))
    }
}
