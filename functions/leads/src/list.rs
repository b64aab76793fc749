use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{
    BooleanParam, Caller, CursorCodec, DayParam, FromQuery, Json, LeadSummaryResponse, PageBuilder, PageParams,
    QueryReader, Read, ValidQuery, Validator as _, enum_name_validator, text_query_param,
};
use shared::domain::error::Error;
use shared::domain::{LeadFilter, SourceHash};

use crate::LeadsState;

/// Query parameters of `GET /leads`.
#[derive(Debug)]
pub struct ListParams {
    filter: LeadFilter,
    page: PageParams,
}

const FROM_DESCRIPTION: &str = "First day of creation, UTC. `from` and `to` may be in either order.";
const TO_DESCRIPTION: &str = "Last day of creation, UTC. `from` and `to` may be in either order.";

/// Reads the query parameters that filter and sort the leads of a list or an export.
pub(crate) fn read_filter(query: &mut impl QueryReader) -> LeadFilter {
    let source = text_query_param(
        "a source of 1 to 200 characters",
        "Only leads with this source. Case does not matter.",
        (1, 200),
        SourceHash::of,
    );
    // `from` may be later than `to`, as on the dashboard.
    let days = [
        query.read_single_value("from", &DayParam(FROM_DESCRIPTION)),
        query.read_single_value("to", &DayParam(TO_DESCRIPTION)),
    ];
    let [from, to] = if let [Some(from), Some(to)] = days { [Some(from.min(to)), Some(from.max(to))] } else { days };
    LeadFilter {
        status: query.read_id_list("status", "Only leads with one of these statuses."),
        business: query.read_id_list("business", "Only leads of one of these businesses."),
        archived: Some(
            query
                .read_single_value(
                    "archived",
                    &BooleanParam("`true` lists archived leads, `false` (the default) the others."),
                )
                .unwrap_or_default(),
        ),
        state: query.read_single_value("state", &enum_name_validator().with_description("Only leads in this state.")),
        source: query.read_single_value("source", &source),
        from,
        to,
        order: query
            .read_single_value(
                "sort",
                &enum_name_validator().with_description("`-createdAt` (newest first) by default."),
            )
            .unwrap_or_default(),
    }
}

impl FromQuery for ListParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self { filter: read_filter(query), page: PageParams::of(query) })
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
    State(LeadsState { table, photos }): State<LeadsState>,
    caller: Caller<Read>,
    ValidQuery(ListParams { filter, page }): ValidQuery<ListParams>,
) -> Result<Json<LeadPage>, Error> {
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
