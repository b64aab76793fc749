use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::StatusInput;
use shared::domain::error::Error;
use shared::store::{StoredResponse, TeamStore};

use crate::response::StatusResponse;

/// `POST /leads/status`
pub(crate) async fn create(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<StatusInput>,
) -> Result<StoredResponse, Error> {
    table
        .add_status(&caller, &body, idempotency_key.as_ref(), |team, status| {
            StoredResponse::created(StatusResponse::of(team, status))
        })
        .await
}
