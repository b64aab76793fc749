use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Caller, Page, Params, Read, Segment, paged};
use shared::model::{Action, Cursor, LeadId};
use shared::table::{Entry, Table};

use crate::comment_json;

/// `GET /leads/logs-and-comments/{id}`
pub(crate) async fn timeline(
    State(table): State<Table>,
    caller: Caller<Read>,
    Segment(id): Segment,
    Params(page): Params<Page>,
) -> Result<Response, Error> {
    let id: LeadId = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead ID"))?;
    let cursor = Cursor::of(&caller.team, "logs-and-comments", &id.to_string());
    let found = table.timeline(&caller.team, id, true, page.limit, page.after(&cursor)?.as_ref()).await?;
    let entries: Vec<Value> = found.entries.iter().map(entry_json).collect();
    let body = json!({ "logsAndComments": entries, "logsCount": found.logs, "commentsCount": found.comments });
    Ok(paged(body, &cursor, found.next.as_ref()))
}

fn entry_json(entry: &Entry) -> Value {
    match entry {
        Entry::Log(log) => json!(log),
        Entry::Comment(comment) => {
            let mut body = comment_json(comment);
            body["action"] = json!(Action::CreateComment);
            body["entityType"] = json!(Action::CreateComment.entity_type());
            body
        }
    }
}
