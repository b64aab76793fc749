use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::error::Error;
use shared::domain::{Form, FormInput, FormStatistics, Team};
use shared::platform::entropy::random_bytes;
use shared::store::{FormStore, StoredResponse};

use crate::FormResponse;

/// `POST /forms`
pub(crate) async fn create(
    State(table): State<FormStore>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<FormInput>,
) -> Result<StoredResponse, Error> {
    let answer =
        |team: &Team, form: &Form| StoredResponse::created(FormResponse::of(team, form, &FormStatistics::default()));
    table.add_form(&caller, &body, random_bytes()?, idempotency_key.as_ref(), answer).await
}
