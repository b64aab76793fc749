use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::Colour;
use shared::table::Table;

/// `GET /leads/statuses`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Read>,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let team = table.team(&caller.team).await?;
    let statuses: Vec<Value> = team.statuses.iter().map(|status| team.status_json(status)).collect();
    Ok(json(json!({ "statuses": statuses, "colors": Colour::ALL })))
}
