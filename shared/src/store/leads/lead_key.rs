//! Keys by which one lead is found, and the leads that have the keys of a request.

use std::collections::HashMap;

use crate::domain::{Email, ExternalId, ExternalSystem, Lead, LeadId, LeadRow, TeamId};
use crate::store::keys::{ItemKey, PrimaryKey};

/// A key by which one lead is found: its e-mail address, or the id that another system has for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LeadKey {
    /// An e-mail address.
    Email(Email),
    /// The id of the lead in a system.
    ExternalId(ExternalSystem, ExternalId),
}

impl LeadKey {
    /// The keys that a row names: its e-mail address and its external ids.
    pub(super) fn all_of_row(row: &LeadRow) -> Vec<Self> {
        let external_ids = row.new_external_ids().map(|(system, id)| Self::ExternalId(system.clone(), id.clone()));
        row.email_of_row().cloned().map(Self::Email).into_iter().chain(external_ids).collect()
    }

    /// Whether the lead has this address or external id.
    pub(super) fn is_key_of(&self, lead: &Lead) -> bool {
        match self {
            Self::Email(email) => lead.derived.email.as_deref() == Some(email.caseless_hash().as_str()),
            Self::ExternalId(system, id) => lead.external_ids.id_in(system.as_str()) == Some(id),
        }
    }

    /// Primary key of the item that reserves the address or id for a lead.
    pub(in crate::store) fn lock_key(&self, team: &TeamId) -> PrimaryKey {
        match self {
            Self::Email(email) => ItemKey::EmailLock(&email.caseless_hash()).of(team),
            Self::ExternalId(system, id) => ItemKey::ExternalIdLock(system, &id.key_hash()).of(team),
        }
    }
}

/// The leads that have the keys of rows, as read from the locks and then from the leads. Another request may have moved a
/// key between the two reads; such a key has no owner here.
pub(super) struct KeyOwners {
    locks: HashMap<LeadKey, LeadId>,
    leads: HashMap<LeadId, Lead>,
}

impl KeyOwners {
    /// Combines the lead ids that locks hold with the leads that were read for them.
    pub(super) fn new(locks: HashMap<LeadKey, LeadId>, leads: impl IntoIterator<Item = Lead>) -> Self {
        Self { locks, leads: leads.into_iter().map(|lead| (lead.id, lead)).collect() }
    }

    /// Whether every lead still has the key that its lock reserves.
    pub(super) fn are_current(&self) -> bool {
        self.locks.keys().all(|key| self.owner(key).is_some())
    }

    /// The lead that has the e-mail address of a row.
    pub(super) fn email_owner(&self, row: &LeadRow) -> Option<&Lead> {
        self.owner(&LeadKey::Email(row.email_of_row()?.clone()))
    }

    /// The lead that has the id in the system.
    pub(super) fn external_id_owner(&self, system: &ExternalSystem, id: &ExternalId) -> Option<&Lead> {
        self.owner(&LeadKey::ExternalId(system.clone(), id.clone()))
    }

    fn owner(&self, key: &LeadKey) -> Option<&Lead> {
        self.leads.get(self.locks.get(key)?).filter(|lead| key.is_key_of(lead))
    }
}
