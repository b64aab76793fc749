use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::BusinessInput;
use shared::domain::error::Error;
use shared::store::{StoredResponse, TeamStore};

/// `POST /businesses`
pub(crate) async fn create(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<BusinessInput>,
) -> Result<StoredResponse, Error> {
    table.add_business(&caller, &body, idempotency_key.as_ref(), |business| StoredResponse::created(business)).await
}
