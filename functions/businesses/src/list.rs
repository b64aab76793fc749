use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::table::Table;

/// `GET /businesses`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Read>,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let businesses = table.team(&caller.team).await?.businesses;
    Ok(json(json!({ "count": businesses.len(), "businesses": businesses })))
}
