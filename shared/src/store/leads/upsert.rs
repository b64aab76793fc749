//! Create or update of a lead by the id that another system has for it.

use std::collections::{BTreeSet, HashMap};

use super::lead_key::{KeyOwners, LeadKey};
use super::{LeadUpdate, UpdatedLead};
use crate::domain::error::Error;
use crate::domain::{
    Actor, ExistingLead, ExternalId, ExternalSystem, Lead, LeadId, LeadRow, LogId, PhotoName, Team, UpsertResult,
    WriteMode, match_lead,
};
use crate::store::keys::ItemKey;
use crate::store::store_types::LeadStore;
use crate::store::transact::{DecisionResult, WriteAttempt};

/// Reads the leads that have the keys, from an attempt that has read the locks of the keys. One round trip if there are
/// any.
async fn read_key_owners(attempt: &mut WriteAttempt<'_>, keys: &[LeadKey]) -> Result<KeyOwners, Error> {
    let mut locks = HashMap::new();
    for key in keys {
        locks.extend(attempt.take_lock(key)?.map(|lead| (key.clone(), lead)));
    }
    let ids: BTreeSet<LeadId> = locks.values().copied().collect();
    attempt.read_more(&ids.iter().map(|id| ItemKey::Lead(*id)).collect::<Vec<_>>()).await?;
    let mut leads = Vec::new();
    for id in ids {
        leads.extend(attempt.take_live_lead(id)?);
    }
    Ok(KeyOwners::new(locks, leads))
}

/// The lead that the row matches by its external id in a system, or by its e-mail address. `None` if there is none.
///
/// # Errors
/// 409 if external id and address name different leads, 400 if another lead has one of the row's other ids.
fn find_matched_lead<'o>(
    owners: &'o KeyOwners,
    row: &LeadRow,
    (system, id): (&ExternalSystem, &ExternalId),
) -> Result<Option<&'o Lead>, Error> {
    let matched = match_lead((system, id), owners.external_id_owner(system, id), owners.email_owner(row))
        .map_err(|conflict| Error::match_conflict(&conflict))?;
    let mut id_owners = row.new_external_ids().filter_map(|(system, id)| owners.external_id_owner(system, id));
    match id_owners.find(|owner| matched.is_none_or(|lead| lead.id != owner.id)) {
        Some(owner) => Err(Error::external_id_exists(ExistingLead::of(owner))),
        None => Ok(matched),
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
        let keys = &LeadKey::all_of_row(row);
        let (expected, promote) = (&expected, &promote);
        let writing = self
            .transact(actor, &[ItemKey::Team])
            .also_read(keys.iter().map(|key| key.lock_key(&actor.team)))
            .reread_taken_keys();
        writing
            .prefetch_ids::<LogId>(row.faults_without_team().is_empty())
            .run(|mut attempt| async move {
                let team = attempt.take_team()?;
                let owners = read_key_owners(&mut attempt, keys).await?;
                if !owners.are_current() {
                    return attempt.read_again();
                }
                let matched = find_matched_lead(&owners, row, (system, id))?;
                if !expected(matched.map(|lead| lead.version)) {
                    return Err(Error::precondition_failed());
                }
                let Some(before) = matched.cloned() else {
                    return self.decide_creation(attempt, team, row, promote).await;
                };
                let written = if owners.external_id_owner(system, id).is_some() {
                    UpsertResult::Updated
                } else {
                    UpsertResult::Linked
                };
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
