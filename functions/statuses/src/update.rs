use axum::extract::State;
use shared::api::{Caller, Manage, PathParam, ValidJson};
use shared::domain::error::Error;
use shared::domain::{DomainError, StatusUpdate, StoredResponse};
use shared::store::Table;

use crate::response::StatusResponse;

/// `PUT /leads/status/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(update): ValidJson<StatusUpdate>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| DomainError::UnknownStatus)?;
    table.update_status(&caller, id, &update, |team, status| StoredResponse::ok(StatusResponse::of(team, status))).await
}
