use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::error::Error;
use shared::domain::{StatusInput, StoredResponse};
use shared::store::Table;

use crate::response::StatusResponse;

/// `POST /leads/status`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<StatusInput>,
) -> Result<StoredResponse, Error> {
    table
        .add_status(&caller, &body, idempotency_key.as_ref(), |team, status| {
            StoredResponse::created(StatusResponse::of(team, status))
        })
        .await
}
