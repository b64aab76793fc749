//! Many leads in one request (spec section 10): what comes in, and what became of each row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{Body, FieldError, Fields as _, Input, Items};
use super::lead_cells::row_of_cells;
use super::lead_input::Over;
use super::rule::{Named, Rule as _, boolean, one_of};
use super::{ErrorCode, Lead, LeadId, LeadRow};

/// Which rows may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMode {
    /// Those whose address no lead has.
    Create,
    /// Those whose address a lead has.
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

/// How the rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RowFormat {
    /// As PATCH takes a lead.
    #[default]
    Json,
    /// As the cells of an export.
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
    /// See [`BatchMode`].
    pub mode: BatchMode,
    /// What of a lead that is there is written over.
    pub over: Over,
    /// Whether nothing is written, and the answer is the same.
    pub dry_run: bool,
    /// Whether businesses are created that rows name and the team does not have.
    pub create_businesses: bool,
    /// 1-100 of them.
    pub rows: Vec<LeadRow>,
}

impl LeadBatch {
    /// Most rows of a request (spec section 10).
    pub const MAX: usize = 100;
}

impl Input for LeadBatch {
    const INVALID: &'static str = "Invalid batch";
    /// A hundred leads with long descriptions, and what the event of the gateway makes of them below Lambda's 6 MB.
    const LIMIT: usize = 4 * 1024 * 1024;

    fn read(body: impl Body) -> Option<Self> {
        body.object(&[], |fields| {
            let mode = fields.required(
                "mode",
                &one_of()
                    .about("Which rows may be written; they are matched by `email`. A row without one creates a lead."),
            );
            let fill =
                fields.optional("fill", &boolean("Of a lead that is there only fields that are empty are written."));
            let dry_run = fields.optional("dryRun", &boolean("Nothing is written, and the answer is the same."));
            let create = boolean("Businesses that rows name and the team does not have are created. For Owners.");
            let create_businesses = fields.optional("createBusinesses", &create);
            let format = one_of().about("`csv`: rows are the cells of `GET /leads/export`, each a text.");
            let format = fields.optional("format", &format);
            let of_cells = (format.flatten() == Some(RowFormat::Csv)).then_some(row_of_cells as fn(_) -> _);
            let rows = Items { name: "leads", max: Self::MAX, read_only: LeadRow::READ_ONLY, of_cells };
            let rows = fields.items(&rows, LeadRow::read);
            let over = if fill?.unwrap_or_default() { Over::EmptyFields } else { Over::Everything };
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

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RowOutcome {
    /// It is a new lead.
    Created,
    /// It has changed a lead.
    Updated,
    /// The lead is as the row says.
    Unchanged,
    /// Nothing of it is written.
    Failed,
}

/// A lead that has the address which another was to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExistingLead {
    /// The lead.
    pub id: LeadId,
    /// Whether it is archived.
    pub archived: bool,
}

/// What became of a row, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowResult {
    /// Which row, from 0.
    pub index: usize,
    /// Its lead; absent when it has failed, and of a new lead when nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LeadId")]
    pub id: Option<LeadId>,
    /// What became of it.
    pub result: RowOutcome,
    /// The cause of its failure, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ErrorCode")]
    pub code: Option<ErrorCode>,
    /// Why it has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub message: Option<String>,
    /// Every bad field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Which lead has the address, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    pub existing: Option<ExistingLead>,
    /// There, and `true`, where its lead is archived and stays so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl RowResult {
    /// A row whose lead is written, or need not be.
    pub fn done(index: usize, id: Option<LeadId>, result: RowOutcome) -> Self {
        Self { index, id, result, code: None, message: None, errors: Vec::new(), existing: None, archived: false }
    }

    /// A row that changes `before`.
    pub fn updated(index: usize, before: &Lead) -> Self {
        Self { archived: before.archived, ..Self::done(index, Some(before.id), RowOutcome::Updated) }
    }

    /// A row of which nothing is written.
    pub fn failed(index: usize, code: ErrorCode, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let failed = Self::done(index, None, RowOutcome::Failed);
        Self { code: Some(code), message: Some(message.into()), errors, ..failed }
    }

    /// A row of which nothing is written for its bad fields. A single one gives the row its code.
    pub fn invalid(index: usize, message: impl Into<String>, errors: Vec<FieldError>) -> Self {
        let code = if let [error] = &errors[..] { error.code } else { ErrorCode::InvalidRequest };
        Self::failed(index, code, message, errors)
    }
}

/// The answer of `POST /leads/batch`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchResponse {
    /// How many are new leads.
    created: usize,
    /// How many have changed a lead.
    updated: usize,
    /// How many leads are as their rows say.
    unchanged: usize,
    /// Of how many nothing is written.
    failed: usize,
    /// Of each row, in their order.
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
