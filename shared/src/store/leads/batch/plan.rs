//! Planning of batch rows: for each row a write, or its final result if nothing is to be written.

use std::collections::{BTreeMap, BTreeSet};

use super::{BatchImport, BatchSnapshot};
use crate::domain::error::Error;
use crate::domain::{
    BatchMode, DomainError, ErrorCode, ExistingLead, FieldError, Lead, LeadChange, LeadId, PhotoName, RowOutcome,
    RowResult, WriteMode,
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
    /// The failed result of a row that the batch mode rejects: in mode `Create` a lead has the row's address; in mode
    /// `Update` no lead has the address, or the row has none.
    fn refusal_by_mode(&self, index: usize, snapshot: &BatchSnapshot) -> Option<RowResult> {
        match (self.batch.mode, snapshot.leads.get(&index)) {
            (BatchMode::Create, Some(lead)) => {
                let existing = Some(ExistingLead { id: lead.id, archived: lead.archived });
                let failed = RowResult::failed_row(index, ErrorCode::EmailExists, "Email already exists", Vec::new());
                Some(RowResult { existing, ..failed })
            }
            (BatchMode::Update, None) => {
                let fault = match self.row(index).email_of_row() {
                    Some(_) => ErrorCode::LeadNotFound.with_message("is the address of no lead"),
                    None => ErrorCode::Required.with_message("is required to find the lead"),
                };
                Some(RowResult::invalid_row(index, "Lead not found", vec![FieldError::new("email", fault)]))
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
        snapshot.unavailable_photos.contains(&index) && !snapshot.leads.get(&index).is_some_and(keeps_its_own)
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
        if let Some(result) = self.refusal_by_mode(index, snapshot) {
            return Err(result);
        }
        match snapshot.leads.get(&index) {
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
        for index in rows {
            match snapshot.done.get(index).cloned().map_or_else(|| self.plan_row(*index, snapshot), Err) {
                Ok(plan) => pending.push(RowWrite { index: *index, plan }),
                Err(result) => drop(results.insert(*index, result)),
            }
        }
        pending
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
