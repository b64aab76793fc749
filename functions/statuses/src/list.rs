use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Read, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{Colour, NamedEnum as _};
use shared::store::TeamStore;

use crate::response::StatusResponse;

/// The answer of `GET /leads/statuses`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statuses {
    /// The team's statuses, in the team's order.
    statuses: Vec<StatusResponse>,
    /// Every colour that can be a status's primary colour.
    colors: &'static [Colour],
}

/// `GET /leads/statuses`
pub(crate) async fn list(
    State(table): State<TeamStore>,
    caller: Caller<Read>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Statuses>, Error> {
    let statuses = StatusResponse::all_in_order(&table.team(&caller.team).await?);
    Ok(Json(Statuses { statuses, colors: Colour::all_values() }))
}
