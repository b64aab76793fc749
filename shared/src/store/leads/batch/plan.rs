//! Planning of batch rows: for each row a write, or its final result if nothing is to be written.

use std::collections::{BTreeMap, BTreeSet};

use super::{BatchImport, BatchSnapshot};
use crate::domain::error::Error;
use crate::domain::{
    BatchMode, DomainError, ErrorCode, ExistingLead, ExternalId, ExternalIds, ExternalSystem, FieldError, Lead,
    LeadChange, LeadId, MatchConflict, PhotoName, RowOutcome, RowResult, WriteMode, match_lead,
};
use crate::store::leads::LeadEdit;

/// The write that a batch row needs.
pub(super) enum RowPlan {
    Create,
    Update { before: Box<Lead>, after: Box<Lead>, log_entries: usize },
}

impl RowPlan {
    pub(super) fn log_entry_count(&self) -> usize {
        match self {
            Self::Create => 1,
            Self::Update { log_entries, .. } => *log_entries,
        }
    }

    /// The existing lead that the row changes.
    fn changed_lead(&self) -> Option<LeadId> {
        match self {
            Self::Create => None,
            Self::Update { before, .. } => Some(before.id),
        }
    }
}

/// A batch row that is to be written, with its plan.
pub(super) struct RowWrite {
    pub index: usize,
    pub plan: RowPlan,
}

impl RowWrite {
    /// The result of the row if its transaction commits.
    pub(super) fn result_if_committed(&self) -> RowResult {
        match &self.plan {
            RowPlan::Create => RowResult::succeeded_row(self.index, None, RowOutcome::Created),
            RowPlan::Update { before, .. } => RowResult::updated_row(self.index, before),
        }
    }

    /// The photo of the existing lead that the row replaces, if any.
    pub(super) fn replaced_photo(&self) -> Option<PhotoName> {
        match &self.plan {
            RowPlan::Update { before, after, .. } if before.photo != after.photo => before.photo.parse().ok(),
            RowPlan::Update { .. } | RowPlan::Create => None,
        }
    }
}

impl<K> BatchImport<'_, K> {
    /// The external id by which the row is matched. `None` if the request or the row has none.
    fn match_key(&self, index: usize) -> Option<(&ExternalSystem, &ExternalId)> {
        let system = self.batch.match_by.as_ref()?;
        self.row(index).new_external_ids().find(|(of, _)| *of == system)
    }

    /// Returns the existing lead that the row matches. `None` if there is none, or if none is looked up for the row. `Err`
    /// holds the row's failed result if its keys name different leads.
    fn find_matched_lead<'s>(&self, index: usize, snapshot: &'s BatchSnapshot) -> Result<Option<&'s Lead>, RowResult> {
        if self.unmatched.contains_key(&index) {
            return Ok(None);
        }
        if !self.caller_may_read {
            // The other failures would say whether a lead has the address.
            self.check_external_ids_are_free(index, snapshot, None)?;
        }
        let by_email = snapshot.owners.email_owner(self.row(index));
        let matched = match self.match_key(index) {
            Some((system, id)) => {
                let conflict_result = |conflict: MatchConflict| {
                    let faults = conflict.faults().into();
                    RowResult::failed_row(index, ErrorCode::MatchConflict, MatchConflict::MESSAGE, faults)
                };
                let by_external_id = snapshot.owners.external_id_owner(system, id);
                match_lead((system, id), by_external_id, by_email).map_err(conflict_result)?
            }
            None => by_email,
        };
        self.check_external_ids_are_free(index, snapshot, matched)?;
        Ok(matched)
    }

    /// `Err` holds the failed result of a row with an external id that a lead other than `matched` has. With `fill`, an id
    /// in a system in which `matched` has one is not written, so it may belong to another lead.
    fn check_external_ids_are_free(
        &self,
        index: usize,
        snapshot: &BatchSnapshot,
        matched: Option<&Lead>,
    ) -> Result<(), RowResult> {
        let keeps_own_id = |system: &ExternalSystem| {
            self.batch.over == WriteMode::FillEmpty
                && matched.is_some_and(|lead| lead.external_ids.id_in(system.as_str()).is_some())
        };
        let written_ids = self.row(index).new_external_ids().filter(|(system, _)| !keeps_own_id(system));
        let mut owners = written_ids.filter_map(|(system, id)| snapshot.owners.external_id_owner(system, id));
        match owners.find(|owner| matched.is_none_or(|lead| lead.id != owner.id)) {
            Some(owner) => Err(existing_lead_result(index, &Error::external_id_exists(ExistingLead::of(owner)))),
            None => Ok(()),
        }
    }

    /// The failed result of a row that the batch mode rejects: in mode `Create` a lead has the row's address or external
    /// id; in mode `Update` no lead has them, or the row has none.
    fn refusal_by_mode(&self, index: usize, matched: Option<&Lead>, snapshot: &BatchSnapshot) -> Option<RowResult> {
        match (self.batch.mode, matched) {
            (BatchMode::Create, Some(lead)) => {
                let by_email = snapshot.owners.email_owner(self.row(index)).is_some();
                let taken = if by_email { Error::email_exists } else { Error::external_id_exists };
                Some(existing_lead_result(index, &taken(ExistingLead::of(lead))))
            }
            (BatchMode::Update, None) => {
                let fault = match (self.match_key(index), self.row(index).email_of_row()) {
                    (Some((system, _)), _) => FieldError::new(
                        ExternalIds::dotted_name(system),
                        ErrorCode::LeadNotFound.with_message("is the id of no lead"),
                    ),
                    (None, Some(_)) => {
                        FieldError::new("email", ErrorCode::LeadNotFound.with_message("is the address of no lead"))
                    }
                    (None, None) => {
                        FieldError::new("email", ErrorCode::Required.with_message("is required to find the lead"))
                    }
                };
                Some(RowResult::invalid_row(index, "Lead not found", vec![fault]))
            }
            _ => None,
        }
    }

    /// Whether a row would give its lead a photo that is not an unattached upload.
    fn has_unavailable_photo(&self, index: usize, snapshot: &BatchSnapshot) -> bool {
        let keeps_its_own = |lead: &Lead| {
            let fills = self.batch.over == WriteMode::FillEmpty && !lead.photo.is_empty();
            fills || self.row(index).photo_name() == Some(&lead.photo)
        };
        snapshot.unavailable_photos.contains(&index)
            && !self.find_matched_lead(index, snapshot).ok().flatten().is_some_and(keeps_its_own)
    }

    /// The failed result of a row with invalid fields. The photo is added to them if it is not an unattached upload.
    fn invalid_row_result(&self, index: usize, snapshot: &BatchSnapshot, mut faults: Vec<FieldError>) -> RowResult {
        if self.has_unavailable_photo(index, snapshot) {
            faults.push(FieldError::new("photo", PhotoName::unavailable_fault()));
        }
        RowResult::invalid_row(index, LeadChange::INVALID_LEAD_MESSAGE, faults)
    }

    /// Returns the lead if it is valid and its photo is available, otherwise the failed result of the row, which names
    /// every invalid field.
    fn check_lead_and_photo(
        &self,
        index: usize,
        snapshot: &BatchSnapshot,
        lead: Result<Lead, DomainError>,
    ) -> Result<Lead, RowResult> {
        match lead {
            Ok(lead) if !self.has_unavailable_photo(index, snapshot) => Ok(lead),
            Ok(_) => Err(self.invalid_row_result(index, snapshot, Vec::new())),
            Err(DomainError::InvalidLead(faults)) => Err(self.invalid_row_result(index, snapshot, faults)),
            Err(refusal) => {
                let error = Error::from(refusal);
                Err(RowResult::failed_row(index, error.code(), error.message(), Vec::new()))
            }
        }
    }

    /// Decides the write that a row needs. `Err` holds the row's final result, if the row needs no write or fails.
    pub(super) fn plan_row(&self, index: usize, snapshot: &BatchSnapshot) -> Result<RowPlan, RowResult> {
        let row = self.row(index);
        if let Some(faults) = self.unmatched.get(&index) {
            return Err(self.invalid_row_result(
                index,
                snapshot,
                [row.faults_in_team(&snapshot.team), faults.clone()].concat(),
            ));
        }
        let new =
            || self.check_lead_and_photo(index, snapshot, row.to_lead(&snapshot.team, LeadId::MIN, self.actor.at));
        if !self.caller_may_read {
            new()?;
        }
        let matched = self.find_matched_lead(index, snapshot)?;
        if let Some(result) = self.refusal_by_mode(index, matched, snapshot) {
            return Err(result);
        }
        match matched {
            None => new().map(|_| RowPlan::Create),
            Some(before) => {
                let after =
                    self.check_lead_and_photo(index, snapshot, row.apply(before, &snapshot.team, self.batch.over))?;
                let log_entries = LeadEdit::new(self.actor, &snapshot.team, before, after.clone()).log_entry_count();
                if log_entries == 0 {
                    let done = RowResult::succeeded_row(index, Some(before.id), RowOutcome::Unchanged);
                    return Err(RowResult { archived: before.archived, ..done });
                }
                Ok(RowPlan::Update { before: Box::new(before.clone()), after: Box::new(after), log_entries })
            }
        }
    }

    /// Plans rows. Inserts the results of rows that need no write into `results`, and returns the rows that do.
    pub(super) fn plan_rows(
        &self,
        rows: &BTreeSet<usize>,
        snapshot: &BatchSnapshot,
        results: &mut BTreeMap<usize, RowResult>,
    ) -> Vec<RowWrite> {
        let mut pending = Vec::new();
        // A transaction may write an item only once, so a lead is changed by one row of a request.
        let mut changed_leads = BTreeMap::new();
        for index in rows {
            let plan = snapshot.done.get(index).cloned().map_or_else(|| self.plan_row(*index, snapshot), Err);
            let plan = plan.and_then(|plan| match plan.changed_lead() {
                Some(lead) => match *changed_leads.entry(lead).or_insert(*index) {
                    first if first == *index => Ok(plan),
                    first => Err(self.same_lead_result(*index, first)),
                },
                None => Ok(plan),
            });
            match plan {
                Ok(plan) => pending.push(RowWrite { index: *index, plan }),
                Err(result) => drop(results.insert(*index, result)),
            }
        }
        pending
    }

    /// The failed result of a row that names the lead of the row `first` by another key.
    fn same_lead_result(&self, index: usize, first: usize) -> RowResult {
        let field =
            self.match_key(index).map_or_else(|| "email".to_owned(), |(system, _)| ExternalIds::dotted_name(system));
        let fault = ErrorCode::Duplicate.with_message(format!("names the lead of row {first} too"));
        RowResult::invalid_row(index, LeadChange::INVALID_LEAD_MESSAGE, vec![FieldError::new(field, fault)])
    }

    /// The upload that the row's write attaches to the lead. `None` if the lead's photo does not change.
    pub(super) fn new_photo(&self, plan: &RowPlan, index: usize) -> Option<PhotoName> {
        match plan {
            RowPlan::Create => self.row(index).photo_name()?.parse().ok(),
            RowPlan::Update { before, after, .. } if before.photo != after.photo => after.photo.parse().ok(),
            RowPlan::Update { .. } => None,
        }
    }
}

/// The failed result of a row whose address or external id another lead has.
fn existing_lead_result(index: usize, taken: &Error) -> RowResult {
    let failed = RowResult::failed_row(index, taken.code(), taken.message(), Vec::new());
    RowResult { existing: taken.existing_lead(), ..failed }
}
