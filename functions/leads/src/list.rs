use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{
    Caller, CursorCodec, FromQuery, Json, LeadSummaryResponse, PageBuilder, PageParams, QueryReader, Read, ValidQuery,
};
use shared::domain::error::Error;

use crate::LeadsState;
use crate::filter::FilterOrViewParams;

/// Query parameters of `GET /leads`.
#[derive(Debug)]
pub struct ListParams {
    filter: FilterOrViewParams,
    page: PageParams,
}

impl FromQuery for ListParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self { filter: FilterOrViewParams::of(query), page: PageParams::of(query) })
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
    State(LeadsState { table, views, photos }): State<LeadsState>,
    caller: Caller<Read>,
    ValidQuery(ListParams { filter, page }): ValidQuery<ListParams>,
) -> Result<Json<LeadPage>, Error> {
    let filter = filter.with_view(&views, &caller).await?.into_filter();
    let cursor = CursorCodec::of(&caller.team, "leads", &format!("{filter:?}"));
    let found =
        table.list_leads(&caller.team, &filter, page.limit, page.start_position(&cursor)?.as_ref(), caller.at).await?;
    let mut leads: Vec<_> = found.leads.iter().map(|lead| LeadSummaryResponse::new(lead, &found.team)).collect();
    photos.set_photo_urls(&caller.team, &mut leads).await?;
    let positions = found.leads.into_iter().map(|lead| lead.sort_position);
    // If the answer was cut short to limit its size, the next page starts after its last lead. Otherwise the next page
    // starts where the list stopped reading.
    let (leads, next_cursor) = PageBuilder { cursor: &cursor, more: false }.build_page(positions.zip(leads))?;
    let next_cursor = next_cursor.or_else(|| found.next.map(|next| cursor.encode_cursor(&next)));
    Ok(Json(LeadPage { count: found.count, leads, next_cursor }))
}
