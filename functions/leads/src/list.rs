use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{Caller, Json, Page, Paging, Params, Read};
use shared::model::{
    Cursor, Day, Flag, LeadFilter, LeadSummaryResponse, Query, QueryInput, SourceHash, choice, text_of,
};

use crate::Leads;

/// The query of `GET /leads`.
#[derive(Debug)]
pub struct List {
    filter: LeadFilter,
    page: Page,
}

const FROM: &str = "The first day of creation, UTC; in either order with `to`.";
const TO: &str = "The last day of creation, UTC; in either order with `from`.";

/// Reads which leads are asked for.
pub(crate) fn filter(query: &mut impl Query) -> LeadFilter {
    let source = text_of("a source of 1 to 200 characters", "Any case.", (1, 200), SourceHash::of);
    // Either order, as the dashboard takes its days.
    let days = [query.one("from", &Day(FROM)), query.one("to", &Day(TO))];
    let [from, to] = if let [Some(from), Some(to)] = days { [Some(from.min(to)), Some(from.max(to))] } else { days };
    LeadFilter {
        status: query.ids("status", "Of any of these statuses."),
        business: query.ids("business", "Of any of these businesses."),
        archived: Some(query.one("archived", &Flag("Archived leads instead of the others.")).unwrap_or_default()),
        state: query.one("state", &choice("In this state.")),
        source: query.one("source", &source),
        from,
        to,
        order: query.one("sort", &choice("`-createdAt`, newest first, unless given.")).unwrap_or_default(),
    }
}

impl QueryInput for List {
    fn read(query: &mut impl Query) -> Option<Self> {
        Some(Self { filter: filter(query), page: Page::of(query) })
    }
}

/// The answer of `GET /leads`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeadPage {
    /// How many leads match in all.
    count: u64,
    /// In the order asked for; fewer than `limit` where it took long to find them.
    leads: Vec<LeadSummaryResponse>,
    /// Of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// `GET /leads`
pub(crate) async fn list(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    Params(List { filter, page }): Params<List>,
) -> Result<Json<LeadPage>, Error> {
    let cursor = Cursor::of(&caller.team, "leads", &format!("{filter:?}"));
    let found = table.list_leads(&caller.team, &filter, page.limit, page.after(&cursor)?.as_ref(), caller.at).await?;
    let mut leads: Vec<_> = found.leads.iter().map(|lead| found.team.lead_summary(lead)).collect();
    photos.link(&caller.team, &mut leads).await?;
    let positions = found.leads.into_iter().map(|lead| lead.sort_position);
    // What does not fit the answer is behind what does; or else whatever comes is behind what was looked at.
    let (leads, next_cursor) = Paging { cursor: &cursor, more: false }.page(positions.zip(leads))?;
    let next_cursor = next_cursor.or_else(|| found.behind.map(|behind| cursor.encode(&behind)));
    Ok(Json(LeadPage { count: found.count, leads, next_cursor }))
}
