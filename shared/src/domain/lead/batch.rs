//! Batch requests: their rows, and the result of each row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::lead::change::WriteMode;
use crate::domain::{ErrorCode, ExternalSystem, FieldError, Lead, LeadId, LeadRow};
use strum::{IntoStaticStr, VariantArray};

/// Which rows of a batch are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum BatchMode {
    /// Accepts only rows that create a lead: rows without an e-mail address, and rows whose address and external ids no
    /// lead has.
    Create,
    /// Accepts only rows that change a lead: rows whose e-mail address, or external id in the system by which the request
    /// matches rows, a lead already has.
    Update,
    /// All rows.
    Upsert,
}

/// The body of `POST /leads/batch`.
#[derive(Clone, Debug)]
pub struct LeadBatch {
    /// Which rows are written.
    pub mode: BatchMode,
    /// Selects the fields of an existing lead that a row may overwrite.
    pub over: WriteMode,
    /// Whether the request only checks the rows and writes nothing.
    pub dry_run: bool,
    /// Whether businesses that rows name and the team does not have are created.
    pub create_businesses: bool,
    /// System by whose ids rows are matched before their e-mail addresses. `None` matches by the addresses alone.
    pub match_by: Option<ExternalSystem>,
    /// The rows, 1-100.
    pub rows: Vec<LeadRow>,
}

impl LeadBatch {
    /// Maximum number of rows of a batch.
    pub const MAX_ROWS: usize = 100;
}

/// Outcome of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RowOutcome {
    /// The row created a lead.
    Created,
    /// The row changed a lead.
    Updated,
    /// The lead had the row's values already.
    Unchanged,
    /// The row failed. Nothing of it was written, unless the code is `outcome_unknown`.
    Failed,
}

/// The existing lead that already has an e-mail address or an external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExistingLead {
    /// Id of the existing lead.
    pub id: LeadId,
    /// Whether the existing lead is archived.
    pub archived: bool,
}

impl ExistingLead {
    /// Names `lead`.
    pub fn of(lead: &Lead) -> Self {
        Self { id: lead.id, archived: lead.archived }
    }
}

/// Result of one row of a batch, and the cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowResult {
    /// Index of the row, from 0.
    pub index: usize,
    /// Id of the row's lead. Absent for a failed row, and for a new lead in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LeadId")]
    pub id: Option<LeadId>,
    /// Outcome of the row.
    pub result: RowOutcome,
    /// Cause of the failure, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ErrorCode")]
    pub code: Option<ErrorCode>,
    /// Cause of the failure, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub message: Option<String>,
    /// Every bad field of the row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The lead that already has the row's e-mail address or external id, if the row failed for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    pub existing: Option<ExistingLead>,
    /// `true` if the row's lead is archived. Absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl RowResult {
    /// The result of a row that succeeded.
    pub fn succeeded_row(index: usize, id: Option<LeadId>, result: RowOutcome) -> Self {
        Self { index, id, result, code: None, message: None, errors: Vec::new(), existing: None, archived: false }
    }

    /// The result of a row that changes an existing lead. `before` is the lead without the change.
    pub fn updated_row(index: usize, before: &Lead) -> Self {
        Self { archived: before.archived, ..Self::succeeded_row(index, Some(before.id), RowOutcome::Updated) }
    }

    /// The result of a row that failed.
    pub fn failed_row(index: usize, code: ErrorCode, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let failed = Self::succeeded_row(index, None, RowOutcome::Failed);
        Self { code: Some(code), message: Some(message.into()), errors, ..failed }
    }

    /// The result of a row with bad fields. If exactly one field is bad, its code becomes the row's code.
    pub fn invalid_row(index: usize, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let code = if let [error] = &errors[..] { error.code } else { ErrorCode::InvalidRequest };
        Self::failed_row(index, code, message, errors)
    }

    /// Removes from the result the leads that already have the row's e-mail address or external ids, for a caller who
    /// may not read leads.
    #[must_use]
    pub fn without_existing_leads(mut self) -> Self {
        self.errors.retain(|error| error.existing.is_none());
        Self { existing: None, ..self }
    }
}
