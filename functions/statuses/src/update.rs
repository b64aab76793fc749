use axum::extract::State;
use shared::api::{Caller, Manage, PathId, ValidJson};
use shared::domain::error::Error;
use shared::domain::{StatusId, StatusUpdate};
use shared::store::{StoredResponse, TeamStore};

use crate::response::StatusResponse;

/// `PUT /leads/status/{id}`
pub(crate) async fn update(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<StatusId>,
    ValidJson(update): ValidJson<StatusUpdate>,
) -> Result<StoredResponse, Error> {
    table.update_status(&caller, id, &update, |team, status| StoredResponse::ok(StatusResponse::of(team, status))).await
}
