use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, Post};
use shared::model::{StatusInput, StoredResponse};
use shared::table::Table;

/// `POST /leads/status`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Post { body, idempotency_key }: Post<StatusInput>,
) -> Result<StoredResponse, Error> {
    table
        .add_status(&caller, &body, idempotency_key.as_ref(), |team, status| {
            StoredResponse::created(team.status_response(status))
        })
        .await
}
