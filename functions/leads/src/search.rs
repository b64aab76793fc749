use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::{LeadFilter, QueryFields, QueryInput, SearchQuery};

use crate::Leads;

/// Whether everything was read that could match.
const COMPLETE: &str = "search-complete";

pub(crate) struct Search {
    /// None asks for the newest.
    query: Option<SearchQuery>,
    limit: usize,
}

impl QueryInput for Search {
    fn read(query: &mut QueryFields) -> Option<Self> {
        const WHAT: &str = "2 to 200 characters, 1 to 10 words with a letter or digit each";
        let parse = |text: &str| SearchQuery::parse(text).filter(|_| text.chars().count() <= 200);
        let search = query.one("search", WHAT, parse);
        Some(Self { query: search, limit: query.limit(20, 100) })
    }
}

/// `GET /leads/search`
pub(crate) async fn search(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    Params(Search { query, limit }): Params<Search>,
) -> Result<Response, Error> {
    let (mut leads, complete): (Vec<Value>, bool) = match query {
        Some(query) => {
            let found = table.search(&caller.team, &query, limit).await?;
            (found.leads.iter().map(|lead| found.team.summary_json(lead)).collect(), found.complete)
        }
        None => {
            let live = LeadFilter { archived: Some(false), ..LeadFilter::default() };
            let (newest, team) = table.first_leads(&caller.team, &live, limit).await?;
            (newest.iter().map(|lead| team.summary_json(lead)).collect(), true)
        }
    };
    photos.link(&caller.team, &mut leads).await?;
    let found = json(Value::Array(leads));
    Ok(if complete { found } else { ([(COMPLETE, "false")], found).into_response() })
}
