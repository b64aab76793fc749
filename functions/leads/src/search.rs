use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::{QueryFields, QueryInput, SearchQuery};

use crate::Leads;

pub(crate) struct Search {
    query: SearchQuery,
    limit: usize,
}

impl QueryInput for Search {
    fn read(query: &mut QueryFields) -> Option<Self> {
        const WHAT: &str = "2 to 200 characters, 1 to 10 words with a letter or digit each";
        let parse = |text: &str| SearchQuery::parse(text).filter(|_| text.chars().count() <= 200);
        let search = query.one("search", WHAT, parse);
        let limit = query.limit(20, 100);
        if search.is_none() {
            query.require("search", WHAT);
        }
        Some(Self { query: search?, limit })
    }
}

/// `GET /leads/search`
pub(crate) async fn search(
    State(leads): State<Leads>,
    caller: Caller<Read>,
    Params(Search { query, limit }): Params<Search>,
) -> Result<Response, Error> {
    let (found, team) = leads.table.search(&caller.team, &query, limit).await?;
    Ok(json(&Value::Array(found.iter().map(|lead| team.summary_json(lead)).collect())))
}
