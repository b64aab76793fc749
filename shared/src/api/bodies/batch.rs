//! Reads the request body of `POST /leads/batch` and its rows.

use schemars::{Schema, json_schema};
use serde_json::Value;

use crate::api::csv::csv_cells_to_json_fields;
use crate::api::input::body_reader::{ArrayField, ArrayItem, BodyReader, FieldPresence, ObjectReader, RequestBody};
use crate::api::input::validator::{Validator, boolean_validator, enum_name_validator, single_line_text};
use crate::domain::{ErrorCode, ExternalSystem, Lead, LeadBatch, LeadChange, LeadRow, ValidationFault, WriteMode};

use super::lead::{read_external_ids, read_lead_values, read_profile_values};
use super::lead_field::RequestKind;
use super::lead_validators::BUSINESS_REFERENCES;
use strum::{IntoStaticStr, VariantArray};

/// Format of the rows of a batch: the value of the request's field `format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
enum RowFormat {
    /// JSON rows: objects with the fields of `PATCH /leads/{id}`. Status and businesses may be given by name.
    #[default]
    Json,
    /// CSV rows: objects with the text of each cell of a CSV row, by its column name in `GET /leads/export`.
    Csv,
}

/// Fields of a row that clients cannot set. The API ignores them, so that a lead from a response can be sent back as a
/// row.
const READ_ONLY_ROW_FIELDS: &[&str] =
    &["id", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

impl RequestBody for LeadBatch {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid batch";
    /// 4 MiB: fits 100 leads with long descriptions, and leaves room to escape the body within API Gateway's event, of
    /// which Lambda accepts at most 6 MB.
    const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            let mode = fields.read_required_field(
                "mode",
                &enum_name_validator().with_description(
                    "Which rows are written. Rows are matched by `email`, or as `match` says; a row without one creates a lead.",
                ),
            );
            let fill = fields.read_optional_field(
                "fill",
                &boolean_validator("Whether only empty fields of an existing lead are written."),
            );
            let dry_run = fields.read_optional_field(
                "dryRun",
                &boolean_validator("Whether the request only checks the rows and writes nothing."),
            );
            let create = boolean_validator("Whether unknown businesses that rows name are created. For Owners.");
            let create_businesses = fields.read_optional_field("createBusinesses", &create);
            let format = enum_name_validator()
                .with_description("`csv` if each row has the cells of `GET /leads/export`, as text.");
            let format = fields.read_optional_field("format", &format);
            let of_cells = (format.flatten() == Some(RowFormat::Csv)).then_some(csv_cells_to_json_fields as fn(_) -> _);
            let rows = ArrayField { name: "leads", max: Self::MAX_ROWS, read_only: READ_ONLY_ROW_FIELDS, of_cells };
            let rows = fields.read_array_field(&rows, read_batch_row);
            let match_by = fields.read_optional_field("match", &ExternalSystemValidator);
            let over = if fill?.unwrap_or_default() { WriteMode::FillEmpty } else { WriteMode::Overwrite };
            Some(Self {
                mode: mode?,
                over,
                dry_run: dry_run?.unwrap_or_default(),
                create_businesses: create_businesses?.unwrap_or_default(),
                match_by: match_by?,
                rows: rows?.into_iter().map(row_with_errors).collect(),
            })
        })
    }
}

/// Validates the name of the system by whose ids rows are matched.
#[derive(Clone, Copy, Debug)]
struct ExternalSystemValidator;

impl Validator for ExternalSystemValidator {
    type ValidValue = ExternalSystem;

    fn validate_value(&self, value: Value) -> Result<ExternalSystem, ValidationFault> {
        let text = value.as_str().ok_or_else(|| ErrorCode::InvalidType.with_message("must be a string"))?;
        text.parse()
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": ExternalSystem::PATTERN,
            "description": "A system: rows are matched by its id in `externalIds` first, then by `email`. A row whose \
                            two keys name different leads fails.",
        })
    }
}

fn read_batch_row(fields: &mut impl ObjectReader) -> LeadRow {
    let businesses =
        fields.read_field("business", &BUSINESS_REFERENCES, FieldPresence::Clearable(Some(Vec::new()))).flatten();
    let about = "Name of a status. It decides if the row has a `statusId` too.";
    let status = fields
        .read_field("status", &single_line_text(Lead::MAX_NAME_CHARS).with_description(about), FieldPresence::Optional)
        .flatten();
    let values = read_lead_values(fields, RequestKind::Patch);
    let profiles =
        fields.read_nested_object("socialMedia", true, |fields| read_profile_values(fields, RequestKind::Patch));
    let external_ids = read_external_ids(fields, RequestKind::Patch);
    let change = LeadChange { values, profiles: profiles.unwrap_or_default(), external_ids, faults: Vec::new() };
    LeadRow { change, businesses, status: status.filter(|name| !name.is_empty()) }
}

/// The body of `PATCH /leads/by/{system}/{id}`: the fields of a batch row.
#[derive(Clone, Debug)]
pub struct LeadRowBody(
    /// The fields to write, with their validation errors.
    pub LeadRow,
);

impl RequestBody for LeadRowBody {
    const INVALID_BODY_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        let (mut row, faults) = body.read_object_with_errors(READ_ONLY_ROW_FIELDS, read_batch_row)?;
        row.change.faults = faults;
        Some(Self(row))
    }
}

/// Converts an array item to a batch row that carries the item's validation errors. An item that is not a JSON object
/// becomes an empty row.
fn row_with_errors(item: ArrayItem<LeadRow>) -> LeadRow {
    let mut row = item.read.unwrap_or_default();
    row.change.faults = item.faults;
    row
}
