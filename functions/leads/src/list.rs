use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Caller, Page, Paging, Params, Read, paged};
use shared::model::{Cursor, LeadFilter, Order, QueryFields, QueryInput, SourceHash};

use crate::Leads;

pub(crate) struct List {
    filter: LeadFilter,
    page: Page,
}

impl QueryInput for List {
    fn read(query: &mut QueryFields) -> Option<Self> {
        let filter = LeadFilter {
            status: query.ids("status"),
            business: query.ids("business"),
            archived: Some(query.one("archived", "true or false", |text| text.parse().ok()).unwrap_or_default()),
            state: query.one("state", "Active or Inactive", |text| text.parse().ok()),
            source: query.one("source", "a source, not empty", SourceHash::of),
            from: query.day("from"),
            to: query.day("to"),
            order: query.one("sort", "createdAt or -createdAt", Order::parse).unwrap_or_default(),
        };
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
            query.refuse("to", "must not be before from");
        }
        Some(Self { filter, page: Page::of(query) })
    }
}

/// `GET /leads`
pub(crate) async fn list(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    Params(List { filter, page }): Params<List>,
) -> Result<Response, Error> {
    let cursor = Cursor::of(&caller.team, "leads", &format!("{filter:?}"));
    let found = table.list_leads(&caller.team, &filter, page.limit, page.after(&cursor)?.as_ref(), caller.at).await?;
    let mut leads: Vec<Value> = found.leads.iter().map(|lead| found.team.summary_json(lead)).collect();
    photos.link(&caller.team, &mut leads).await?;
    let places = found.leads.into_iter().map(|lead| lead.sort_position);
    let paging = Paging { cursor: &cursor, more: found.more };
    Ok(paged(json!({ "count": found.count }), "leads", places.zip(leads).collect(), &paging))
}
