use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{
    Caller, Cursor, Day, Flag, Json, LeadSummaryResponse, Page, Paging, QueryInput, QueryReader, Read, ValidQuery,
    Validator as _, one_of, text_of,
};
use shared::domain::error::Error;
use shared::domain::{LeadFilter, SourceHash};

use crate::Leads;

/// Query parameters of `GET /leads`.
#[derive(Debug)]
pub struct ListParams {
    filter: LeadFilter,
    page: Page,
}

const FROM: &str = "First day of creation, UTC. `from` and `to` may be in either order.";
const TO: &str = "Last day of creation, UTC. `from` and `to` may be in either order.";

/// Reads the query parameters that filter and sort the leads of a list or an export.
pub(crate) fn filter(query: &mut impl QueryReader) -> LeadFilter {
    let source = text_of(
        "a source of 1 to 200 characters",
        "Only leads with this source. Case does not matter.",
        (1, 200),
        SourceHash::of,
    );
    // `from` may be later than `to`, as on the dashboard.
    let days = [query.one("from", &Day(FROM)), query.one("to", &Day(TO))];
    let [from, to] = if let [Some(from), Some(to)] = days { [Some(from.min(to)), Some(from.max(to))] } else { days };
    LeadFilter {
        status: query.ids("status", "Only leads with one of these statuses."),
        business: query.ids("business", "Only leads of one of these businesses."),
        archived: Some(
            query
                .one("archived", &Flag("`true` lists archived leads, `false` (the default) the others."))
                .unwrap_or_default(),
        ),
        state: query.one("state", &one_of().describe("Only leads in this state.")),
        source: query.one("source", &source),
        from,
        to,
        order: query.one("sort", &one_of().describe("`-createdAt` (newest first) by default.")).unwrap_or_default(),
    }
}

impl QueryInput for ListParams {
    fn read(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self { filter: filter(query), page: Page::of(query) })
    }
}

/// The answer of `GET /leads`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadPage {
    /// Exact number of leads that match, on all pages.
    count: u64,
    /// The leads of this page in the requested order. A page may have fewer than `limit` leads, even none, although
    /// `nextCursor` is present.
    leads: Vec<LeadSummaryResponse>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// `GET /leads`
pub(crate) async fn list(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    ValidQuery(ListParams { filter, page }): ValidQuery<ListParams>,
) -> Result<Json<LeadPage>, Error> {
    let cursor = Cursor::of(&caller.team, "leads", &format!("{filter:?}"));
    let found = table.list_leads(&caller.team, &filter, page.limit, page.after(&cursor)?.as_ref(), caller.at).await?;
    let mut leads: Vec<_> = found.leads.iter().map(|lead| LeadSummaryResponse::new(lead, &found.team)).collect();
    photos.link(&caller.team, &mut leads).await?;
    let positions = found.leads.into_iter().map(|lead| lead.sort_position);
    // If the answer was cut short to limit its size, the next page starts after its last lead. Otherwise the next page
    // starts where the list stopped reading.
    let (leads, next_cursor) = Paging { cursor: &cursor, more: false }.page(positions.zip(leads))?;
    let next_cursor = next_cursor.or_else(|| found.next.map(|next| cursor.encode(&next)));
    Ok(Json(LeadPage { count: found.count, leads, next_cursor }))
}
