use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, CursorCodec, Json, PageBuilder, PageParams, PathId, Read, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{LeadId, LogEntry};
use shared::store::{ActivityStore, LogOrComment};

use crate::invalid_ids::LeadIdRejection;

/// The answer of `GET /leads/logs/{id}`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// Total number of log entries of the lead, on all pages.
    count: u64,
    /// The log entries of this page, newest first.
    logs: Vec<LogEntry>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// `GET /leads/logs/{id}`: lists the log entries of the lead `{id}`.
pub(crate) async fn list_logs(
    State(table): State<ActivityStore>,
    caller: Caller<Read>,
    PathId { id, .. }: PathId<LeadId, LeadIdRejection>,
    ValidQuery(page): ValidQuery<PageParams>,
) -> Result<Json<LogPage>, Error> {
    let cursor = CursorCodec::of(&caller.team, "logs", &id.to_string());
    let found = table.timeline(&caller.team, id, false, page.limit, page.start_position(&cursor)?.as_ref()).await?;
    let entries = found.entries.into_iter().filter_map(|entry| {
        let position = entry.sort_position();
        if let LogOrComment::Log(entry) = entry { Some((position, entry)) } else { None }
    });
    let (logs, next_cursor) = PageBuilder { cursor: &cursor, more: found.more }.build_page(entries)?;
    Ok(Json(LogPage { count: found.logs, logs, next_cursor }))
}
