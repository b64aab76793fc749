//! The body of a batch, and its rows.

use crate::api::csv::row_of_cells;
use crate::api::input::fields::{BodyReader, Item, Items, ObjectReader, Presence, RequestBody};
use crate::api::input::validator::{Validator as _, boolean, line, one_of};
use crate::domain::{Lead, LeadBatch, LeadChange, LeadRow, WriteMode};

use super::lead::{NAMED_BUSINESSES, RequestKind, profiles, values};
use strum::{IntoStaticStr, VariantArray};

/// Format of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
enum RowFormat {
    /// A row is a lead as PATCH takes it.
    #[default]
    Json,
    /// A row has the cells of an exported lead.
    Csv,
}

/// Read-only fields of a row. Sent back, they have no effect.
const ROW_READ_ONLY: &[&str] = &["id", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

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
            let rows = Items { name: "leads", max: Self::MAX_ROWS, read_only: ROW_READ_ONLY, of_cells };
            let rows = fields.items(&rows, read_batch_row);
            let over = if fill?.unwrap_or_default() { WriteMode::FillEmpty } else { WriteMode::Overwrite };
            Some(Self {
                mode: mode?,
                over,
                dry_run: dry_run?.unwrap_or_default(),
                create_businesses: create_businesses?.unwrap_or_default(),
                rows: rows?.into_iter().map(row_of).collect(),
            })
        })
    }
}

fn read_batch_row(fields: &mut impl ObjectReader) -> LeadRow {
    let businesses = fields.field("business", &NAMED_BUSINESSES, Presence::Clearable(Some(Vec::new()))).flatten();
    let about = "Name of a status. It decides if the row has a `statusId` too.";
    let status = fields.field("status", &line(Lead::MAX_NAME_CHARS).describe(about), Presence::Optional).flatten();
    let values = values(fields, RequestKind::Patch);
    let profiles = fields.nested("socialMedia", true, |fields| profiles(fields, RequestKind::Patch));
    let change = LeadChange { values, profiles: profiles.unwrap_or_default(), faults: Vec::new() };
    LeadRow { change, businesses, status: status.filter(|name| !name.is_empty()) }
}

/// The row of an item, with the item's faults.
fn row_of(item: Item<LeadRow>) -> LeadRow {
    let mut row = item.read.unwrap_or_default();
    row.change.faults = item.faults;
    row
}
