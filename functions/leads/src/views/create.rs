use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage, Read};
use shared::domain::error::Error;
use shared::domain::{View, ViewInput};
use shared::store::StoredResponse;

use super::ViewResponse;
use crate::LeadsState;

/// `POST /views`
pub(crate) async fn create(
    State(LeadsState { views, .. }): State<LeadsState>,
    caller: Caller<Read>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<ViewInput>,
) -> Result<StoredResponse, Error> {
    if body.shared {
        caller.require_access_right::<Manage>()?;
    }
    let answer = |view: &View| StoredResponse::created(ViewResponse::from(view));
    views.add_view(&caller, &body, idempotency_key.as_ref(), answer).await
}
