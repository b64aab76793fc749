use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Page, Paging, Params, PathParam, Read, paged};
use shared::model::{Cursor, LeadId};
use shared::table::Table;

use crate::entry_json;

/// `GET /leads/logs-and-comments/{id}`
pub(crate) async fn timeline(
    State(table): State<Table>,
    caller: Caller<Read>,
    PathParam(id): PathParam,
    Params(page): Params<Page>,
) -> Result<Response, Error> {
    let id: LeadId = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead ID"))?;
    let cursor = Cursor::of(&caller.team, "logs-and-comments", &id.to_string());
    let found = table.timeline(&caller.team, id, true, page.limit, page.after(&cursor)?.as_ref()).await?;
    let entries = found.entries.iter().map(|entry| (entry.sort_position(), entry_json(entry))).collect();
    let totals = json!({ "logsCount": found.logs, "commentsCount": found.comments });
    Ok(paged(totals, "logsAndComments", entries, &Paging { cursor: &cursor, more: found.more }))
}
