use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, PathParam, ValidJson};
use shared::model::{DomainError, StatusUpdate, StoredResponse};
use shared::table::Table;

/// `PUT /leads/status/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(update): ValidJson<StatusUpdate>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| DomainError::UnknownStatus)?;
    table.update_status(&caller, id, &update, |team, status| StoredResponse::ok(team.status_response(status))).await
}
