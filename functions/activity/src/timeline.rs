use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, CursorCodec, Json, PageBuilder, PageParams, PathId, Read, ValidQuery};
use shared::domain::LeadId;
use shared::domain::error::Error;
use shared::store::ActivityStore;

use crate::TimelineEntry;
use crate::invalid_ids::LeadIdRejection;

/// The answer of `GET /leads/logs-and-comments/{id}`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelinePage {
    /// Total number of log entries of the lead, on all pages.
    logs_count: u64,
    /// Total number of comments on the lead, on all pages.
    comments_count: u64,
    /// The log entries and comments of this page, newest first.
    logs_and_comments: Vec<TimelineEntry>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// `GET /leads/logs-and-comments/{id}`: lists the log entries and comments of the lead `{id}`.
pub(crate) async fn list_timeline(
    State(table): State<ActivityStore>,
    caller: Caller<Read>,
    PathId { id, .. }: PathId<LeadId, LeadIdRejection>,
    ValidQuery(page): ValidQuery<PageParams>,
) -> Result<Json<TimelinePage>, Error> {
    let cursor = CursorCodec::of(&caller.team, "logs-and-comments", &id.to_string());
    let found = table.timeline(&caller.team, id, true, page.limit, page.start_position(&cursor)?.as_ref()).await?;
    let entries = found.entries.into_iter().map(|entry| (entry.sort_position(), entry.into()));
    let (logs_and_comments, next_cursor) = PageBuilder { cursor: &cursor, more: found.more }.build_page(entries)?;
    let (logs_count, comments_count) = (found.logs, found.comments);
    Ok(Json(TimelinePage { logs_count, comments_count, logs_and_comments, next_cursor }))
}
