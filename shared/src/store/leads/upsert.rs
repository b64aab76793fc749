//! Create or update of a lead by the id that another system has for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{LeadKey, LeadUpdate, UpdatedLead};
use crate::domain::error::Error;
use crate::domain::{
    Actor, ExistingLead, ExternalId, ExternalSystem, Lead, LeadId, LeadRow, LogId, PhotoName, Team, UpsertResult, WriteMode, match_lead,
};
use crate::store::keys::{ItemKey, PrimaryKey};
use crate::store::store_types::LeadStore;
use crate::store::transact::{DecisionResult, WriteAttempt};

/// Keys of the items that reserve a row's e-mail address and external ids for a lead.
struct RowLocks<'r> {
    email: Option<PrimaryKey>,
    external_ids: Vec<(&'r ExternalSystem, PrimaryKey)>,
}

impl<'r> RowLocks<'r> {
    fn of(row: &'r LeadRow, actor: &Actor) -> Self {
        let email = row.email_of_row().map(|email| LeadKey::Email(email.clone()).lock_key(&actor.team));
        let external_id = |(system, id): (&'r ExternalSystem, &ExternalId)| {
            (system, LeadKey::ExternalId(system.clone(), id.clone()).lock_key(&actor.team))
        };
        Self { email, external_ids: row.new_external_ids().map(external_id).collect() }
    }

    fn keys(&self) -> impl Iterator<Item = PrimaryKey> {
        self.external_ids.iter().map(|(_, key)| key).chain(&self.email).cloned()
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
    async fn read(attempt: &mut WriteAttempt<'_>, locks: &RowLocks<'r>) -> Result<Self, Error> {
        let email = attempt.take_lock(locks.email.as_ref())?;
        let mut external_ids = Vec::new();
        for (system, key) in &locks.external_ids {
            external_ids.extend(attempt.take_lock(Some(key))?.map(|lead| (*system, lead)));
        }
        let ids: BTreeSet<LeadId> = external_ids.iter().map(|(_, lead)| *lead).chain(email).collect();
        attempt.read_more(&ids.iter().map(|id| ItemKey::Lead(*id)).collect::<Vec<_>>()).await?;
        let mut leads = BTreeMap::new();
        for id in ids {
            leads.extend(attempt.take_live_lead(id)?.map(|lead| (id, lead)));
        }
        Ok(Self { email, external_ids, leads })
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
        let locks = &RowLocks::of(row, actor);
        let (expected, promote) = (&expected, &promote);
        let writing = self.transact(actor, &[ItemKey::Team]).also_read(locks.keys()).reread_taken_keys();
        writing
            .prefetch_ids::<LogId>(row.faults_without_team().is_empty())
            .run(|mut attempt| async move {
                let team = attempt.take_team()?;
                let owners = KeyOwners::read(&mut attempt, locks).await?;
                let matched = owners.matched((system, id))?;
                if !expected(matched.map(|lead| lead.version)) {
                    return Err(Error::precondition_failed());
                }
                let Some(before) = matched.cloned() else {
                    return self.decide_creation(attempt, team, row, promote).await;
                };
                let written = if owners.by_external_id(system).is_some() { UpsertResult::Updated } else { UpsertResult::Linked };
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
