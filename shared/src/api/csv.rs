//! Converts leads to the CSV cells of `GET /leads/export`, and such cells back to the rows of `POST /leads/batch`.

use serde_json::{Value, json};

use crate::api::input::body_reader::{JsonObject, dotted_field_mut};
use crate::domain::{ExternalIds, Lead, NamedEnum as _, Team};

/// Column names of a CSV export of leads, in order.
pub const CSV_COLUMNS: [&str; 24] = [
    "id",
    "firstName",
    "lastName",
    "email",
    "phoneNumber",
    "business",
    "statusId",
    "status",
    "state",
    "photo",
    "company",
    "position",
    "location",
    "source",
    "description",
    "socialMedia.youtube",
    "socialMedia.facebook",
    "socialMedia.instagram",
    "socialMedia.twitter",
    "externalIds",
    "attribution",
    "archived",
    "createdAt",
    "updatedAt",
];

/// Columns whose cells hold several items, separated by `;`.
const LIST_COLUMNS: [&str; 2] = ["phoneNumber", "business"];
/// A spreadsheet program runs a cell as a formula if the cell starts with one of these characters.
/// <https://owasp.org/www-community/attacks/CSV_Injection>
const FORMULA_PREFIX_CHARS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Converts a lead to CSV cells, in the order of [`CSV_COLUMNS`]. Cells that a spreadsheet would run as a formula are
/// escaped.
pub fn lead_to_csv_cells(lead: &Lead, team: &Team) -> [String; CSV_COLUMNS.len()] {
    let businesses = lead.business.iter().filter_map(|id| team.business(*id)).map(|business| business.name.as_str());
    let social = &lead.details.social_media;
    let external_ids: Vec<String> = lead.external_ids.iter().map(|(system, id)| format!("{system}:{id}")).collect();
    let cells = [
        lead.id.to_string(),
        lead.first_name.clone(),
        lead.last_name.clone(),
        lead.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default(),
        join_list_cell(lead.phone_number.iter().map(String::as_str)),
        join_list_cell(businesses),
        lead.status_id.to_string(),
        team.status(lead.status_id).map(|status| status.name.clone()).unwrap_or_default(),
        lead.state.value_name().to_owned(),
        lead.photo.clone(),
        lead.company.clone(),
        lead.details.position.clone(),
        lead.details.location.clone(),
        lead.details.source.clone(),
        lead.details.description.clone(),
        social.youtube.clone(),
        social.facebook.clone(),
        social.instagram.clone(),
        social.twitter.clone(),
        join_list_cell(external_ids.iter().map(String::as_str)),
        if lead.details.attribution.is_empty() { String::new() } else { json!(lead.details.attribution).to_string() },
        lead.archived.to_string(),
        lead.created_at.to_string(),
        lead.updated_at.to_string(),
    ];
    cells.map(escape_formula)
}

/// Joins the items of a list with `;`. A `;` or `\` within an item is escaped with `\`.
fn join_list_cell<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.map(|item| item.replace('\\', "\\\\").replace(';', "\\;")).collect::<Vec<_>>().join(";")
}

/// Splits a cell that [`join_list_cell`] wrote into the items of the list. Drops blank items; spaces around an item
/// stay.
fn split_list_cell(cell: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut letters = cell.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ';' => items.push(String::new()),
            '\\' => items.last_mut().into_iter().for_each(|item| item.extend(letters.next())),
            letter => items.last_mut().into_iter().for_each(|item| item.push(letter)),
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// Whether a column holds the ids of one system: `externalIds.hubspot`.
fn is_external_id_column(column: &str) -> bool {
    column.strip_prefix(ExternalIds::FIELD_NAME).is_some_and(|rest| rest.starts_with('.'))
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA_PREFIX_CHARS)
}

/// Escapes a cell that a spreadsheet would run as a formula with a leading apostrophe. A cell that already looks
/// escaped gets a second apostrophe, so that [`unescape_formula`] returns the original text.
fn escape_formula(cell: String) -> String {
    if is_formula(&cell) { format!("'{cell}") } else { cell }
}

fn unescape_formula(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Converts the CSV cells of a batch row to JSON fields of a lead. A cell that is not a string is passed on unchanged
/// to the validation of the field.
pub(crate) fn csv_cells_to_json_fields(cells: JsonObject) -> JsonObject {
    let mut row = JsonObject::new();
    for (column, cell) in cells {
        let Value::String(cell) = cell else {
            row.insert(column, cell);
            continue;
        };
        let cell = unescape_formula(&cell);
        match column.as_str() {
            list if LIST_COLUMNS.contains(&list) => {
                row.insert(column, json!(split_list_cell(cell)));
            }
            // An exported cell has `hubspot:512;sap:7`. The name of a system has no colon.
            ExternalIds::FIELD_NAME => {
                for item in split_list_cell(cell) {
                    match item.split_once(':') {
                        Some((system, id)) => {
                            let name = format!("{}.{}", ExternalIds::FIELD_NAME, system.trim());
                            *dotted_field_mut(&mut row, &name) = json!(id);
                        }
                        // The validation names the cell.
                        None => drop(row.insert(column.clone(), json!(item))),
                    }
                }
            }
            // A row has no id of a system where the cell is empty.
            id if cell.trim().is_empty() && is_external_id_column(id) => {}
            // Every lead has a state and a status, so an empty cell is left out of the row instead of clearing the
            // field.
            "state" | "statusId" if cell.trim().is_empty() => {}
            "statusId" => {
                let id = cell.trim().parse::<u64>().map_or_else(|_| json!(cell), |id| json!(id));
                row.insert(column, id);
            }
            name => *dotted_field_mut(&mut row, name) = json!(cell),
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formula_cells_are_escaped_and_unescaped() {
        for text in ["=1+1", "+1 (555) 867-5309", "-1", "@SUM(A1)", "\tx", "'=1", "''@x", "'+"] {
            let cell = escape_formula(text.to_owned());
            assert!(cell.starts_with('\''), "{cell}");
            assert_eq!(unescape_formula(&cell), text);
        }
        for text in ["", "O’Connor", "'Abd", "a=b", "''", "' =1", "Łódź", "1-2"] {
            assert_eq!(escape_formula(text.to_owned()), text);
            assert_eq!(unescape_formula(text), text);
        }
    }

    #[test]
    fn a_list_is_joined_into_a_cell_and_split_again() {
        for items in [vec!["a", "b"], vec!["a;b", "c\\", "\\;"], vec!["+1", "=2"], vec![]] {
            assert_eq!(split_list_cell(&join_list_cell(items.iter().copied())), items);
        }
        assert_eq!(split_list_cell("Acme; Beta ;;"), ["Acme", " Beta "]);
    }

    #[test]
    fn csv_cells_become_json_fields() {
        let cells = json!({
            "email": "a@example.com", "phoneNumber": "'+1;2", "business": "A\\;B", "statusId": "3", "state": "",
            "socialMedia.twitter": "'@a", "socialMedia.youtube": "", "archived": "false", "x": 7,
            "externalIds.xero": "C-7", "externalIds": "hubspot:512;sap:a\\;b:c", "externalIds.odoo": " ",
        });
        let Value::Object(cells) = cells else { unreachable!() };
        let row = json!({
            "email": "a@example.com", "phoneNumber": ["+1", "2"], "business": ["A;B"], "statusId": 3,
            "socialMedia": { "twitter": "@a", "youtube": "" }, "archived": "false", "x": 7,
            "externalIds": { "hubspot": "512", "sap": "a;b:c", "xero": "C-7" },
        });
        assert_eq!(Value::Object(csv_cells_to_json_fields(cells)), row);
    }
}
