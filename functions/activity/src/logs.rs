use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Page, Params, Read, Segment, json};
use shared::model::Cursor;
use shared::table::{Entry, Table};

/// `GET /leads/logs/{id}`
pub(crate) async fn logs(
    State(table): State<Table>,
    caller: Caller<Read>,
    Segment(id): Segment,
    Params(page): Params<Page>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead ID"))?;
    let cursor = Cursor::of(&caller.team, "logs", &format!("{id}"));
    let found = table.timeline(&caller.team, id, false, page.limit, page.after(&cursor)?.as_ref()).await?;
    let logs: Vec<_> =
        found.entries.iter().filter_map(|entry| if let Entry::Log(log) = entry { Some(log) } else { None }).collect();
    let mut body = json!({ "count": found.logs, "logs": logs });
    if let Some(next) = found.next {
        body["nextCursor"] = json!(cursor.encode(&next));
    }
    Ok(json(&body))
}
