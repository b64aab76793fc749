//! Batch requests: their rows, and the result of each row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::lead::change::WriteMode;
use crate::domain::{ErrorCode, FieldError, Lead, LeadId, LeadRow};
use strum::{IntoStaticStr, VariantArray};

/// Which rows of a batch are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum BatchMode {
    /// Rows whose address no lead has.
    Create,
    /// Rows whose address a lead has.
    Update,
    /// All.
    Upsert,
}

/// The body of `POST /leads/batch`.
#[derive(Clone, Debug)]
pub struct LeadBatch {
    /// Which rows are written.
    pub mode: BatchMode,
    /// Which fields of an existing lead are written.
    pub over: WriteMode,
    /// Whether the request only checks its rows.
    pub dry_run: bool,
    /// Whether unknown businesses that rows name are created.
    pub create_businesses: bool,
    /// 1-100 of them.
    pub rows: Vec<LeadRow>,
}

impl LeadBatch {
    /// Maximum number of rows of a request.
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
    /// The row failed. Nothing of it was written.
    Failed,
}

/// The lead that has an e-mail address already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExistingLead {
    /// The lead.
    pub id: LeadId,
    /// Whether the existing lead is archived.
    pub archived: bool,
}

/// Outcome of one row, and its cause.
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
    /// Every bad field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The lead that has the row's e-mail address, if that is the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    pub existing: Option<ExistingLead>,
    /// `true` if the row's lead is archived. Absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl RowResult {
    /// The result of a row that succeeded.
    pub fn done(index: usize, id: Option<LeadId>, result: RowOutcome) -> Self {
        Self { index, id, result, code: None, message: None, errors: Vec::new(), existing: None, archived: false }
    }

    /// The result of a row that changes `before`.
    pub fn updated(index: usize, before: &Lead) -> Self {
        Self { archived: before.archived, ..Self::done(index, Some(before.id), RowOutcome::Updated) }
    }

    /// The result of a row that failed.
    pub fn failed(index: usize, code: ErrorCode, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let failed = Self::done(index, None, RowOutcome::Failed);
        Self { code: Some(code), message: Some(message.into()), errors, ..failed }
    }

    /// The result of a row with bad fields. A single bad field gives the row its code.
    pub fn invalid(index: usize, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let code = if let [error] = &errors[..] { error.code } else { ErrorCode::InvalidRequest };
        Self::failed(index, code, message, errors)
    }
}
