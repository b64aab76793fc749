//! Batch requests: their rows, and the result of each row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::input::fields::{BodyReader, FieldError, Items, ObjectReader as _, RequestBody};
use crate::domain::input::rule::{Named, Validator as _, boolean, one_of};
use crate::domain::lead::csv::row_of_cells;
use crate::domain::lead::input::WriteMode;
use crate::domain::{ErrorCode, Lead, LeadId, LeadRow};

/// Which rows of a batch are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMode {
    /// Rows whose address no lead has.
    Create,
    /// Rows whose address a lead has.
    Update,
    /// All.
    Upsert,
}

impl Named for BatchMode {
    const ALL: &'static [Self] = &[Self::Create, Self::Update, Self::Upsert];

    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
        }
    }
}

/// Format of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RowFormat {
    /// A row is a lead as PATCH takes it.
    #[default]
    Json,
    /// A row has the cells of an exported lead.
    Csv,
}

impl Named for RowFormat {
    const ALL: &'static [Self] = &[Self::Json, Self::Csv];

    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
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

impl RequestBody for LeadBatch {
    const INVALID: &'static str = "Invalid batch";
    /// A hundred leads with long descriptions fit, and the gateway's event stays below Lambda's 6 MB.
    const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| {
            let mode = fields.required(
                "mode",
                &one_of()
                    .describe("Which rows are written. Rows are matched by `email`; a row without one creates a lead."),
            );
            let fill = fields.optional("fill", &boolean("Whether only empty fields of an existing lead are written."));
            let dry_run =
                fields.optional("dryRun", &boolean("Whether the request only checks the rows and writes nothing."));
            let create = boolean("Whether unknown businesses that rows name are created. For Owners.");
            let create_businesses = fields.optional("createBusinesses", &create);
            let format = one_of().describe("`csv` if each row has the cells of `GET /leads/export`, as text.");
            let format = fields.optional("format", &format);
            let of_cells = (format.flatten() == Some(RowFormat::Csv)).then_some(row_of_cells as fn(_) -> _);
            let rows = Items { name: "leads", max: Self::MAX_ROWS, read_only: LeadRow::READ_ONLY, of_cells };
            let rows = fields.items(&rows, LeadRow::read);
            let over = if fill?.unwrap_or_default() { WriteMode::FillEmpty } else { WriteMode::Overwrite };
            Some(Self {
                mode: mode?,
                over,
                dry_run: dry_run?.unwrap_or_default(),
                create_businesses: create_businesses?.unwrap_or_default(),
                rows: rows?.into_iter().map(LeadRow::of).collect(),
            })
        })
    }
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
    /// Whether that lead is archived.
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

/// The answer of `POST /leads/batch`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchResponse {
    /// Rows that created a lead.
    created: usize,
    /// Rows that changed a lead.
    updated: usize,
    /// Rows whose lead had the values already.
    unchanged: usize,
    /// Rows that failed. Nothing of them was written.
    failed: usize,
    /// One result for each row, in the order of the rows.
    results: Vec<RowResult>,
}

impl From<Vec<RowResult>> for BatchResponse {
    fn from(results: Vec<RowResult>) -> Self {
        let count = |outcome| results.iter().filter(|row| row.result == outcome).count();
        Self {
            created: count(RowOutcome::Created),
            updated: count(RowOutcome::Updated),
            unchanged: count(RowOutcome::Unchanged),
            failed: count(RowOutcome::Failed),
            results,
        }
    }
}
