use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use shared::api::{Caller, FromQuery, Json, LeadSummaryResponse, QueryReader, Read, ValidQuery, text_query_param};
use shared::domain::SearchQuery;
use shared::domain::error::Error;

use crate::LeadsState;
use crate::filter::FilterOrViewParams;

/// Response header, sent as `false` if the search left entries unread that may match.
const SEARCH_COMPLETE_HEADER: &str = "search-complete";

/// Query parameters of `GET /leads/search`.
#[derive(Debug)]
pub struct SearchParams {
    /// The parsed search text. `None` lists the newest leads.
    query: Option<SearchQuery>,
    filter: FilterOrViewParams,
    limit: usize,
}

impl FromQuery for SearchParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        const SEARCH_KIND: &str = "2 to 200 characters, 1 to 10 words with a letter or digit each";
        const SEARCH_DESCRIPTION: &str = "Beginnings of words, of an e-mail address, or of a phone number. At least 2 \
                                          characters, or 1 Chinese, Japanese or Korean character. Absent or empty, the \
                                          newest leads are returned.";
        let search = query
            .read_single_value("search", &text_query_param(SEARCH_KIND, SEARCH_DESCRIPTION, (0, 200), parse_search))
            .flatten();
        Some(Self { query: search, filter: FilterOrViewParams::of(query), limit: query.read_limit(20, 100) })
    }
}

/// Parses the parameter `search`. `None` stands for an invalid text, `Some(None)` for an empty one, which lists the
/// newest leads.
#[expect(clippy::option_option, reason = "an empty search is another thing than a bad one")]
fn parse_search(text: &str) -> Option<Option<SearchQuery>> {
    if text.is_empty() { Some(None) } else { SearchQuery::parse(text).map(Some) }
}

/// `GET /leads/search`
pub(crate) async fn search(
    State(LeadsState { table, views, photos }): State<LeadsState>,
    caller: Caller<Read>,
    ValidQuery(SearchParams { query, filter, limit }): ValidQuery<SearchParams>,
) -> Result<Response, Error> {
    let params = filter.with_view(&views, &caller).await?;
    let (order, filter) = (params.requested_order(), params.into_filter());
    let (mut leads, complete): (Vec<LeadSummaryResponse>, bool) = match query {
        Some(query) => {
            let mut found = table.search(&caller.team, &query, &filter, limit).await?;
            if let Some(order) = order {
                found.sort_by_creation(order);
            }
            (found.leads.iter().map(|lead| LeadSummaryResponse::new(lead, &found.team)).collect(), found.complete)
        }
        None => {
            let page = table.list_leads(&caller.team, &filter, limit, None, caller.at).await?;
            let complete = page.leads.len() == limit || page.next.is_none();
            (page.leads.iter().map(|lead| LeadSummaryResponse::new(lead, &page.team)).collect(), complete)
        }
    };
    photos.set_photo_urls(&caller.team, &mut leads).await?;
    Ok(if complete {
        Json(leads).into_response()
    } else {
        ([(SEARCH_COMPLETE_HEADER, "false")], Json(leads)).into_response()
    })
}
