use axum::extract::State;
use shared::api::{Caller, IdempotentJson, PathId, Write};
use shared::domain::error::Error;
use shared::domain::{CommentInput, LeadId};
use shared::store::{ActivityStore, StoredResponse};

use crate::CommentResponse;
use crate::invalid_ids::LeadIdRejection;

/// `POST /leads/comments/{id}`: adds a comment to the lead `{id}`.
pub(crate) async fn add_comment(
    State(table): State<ActivityStore>,
    caller: Caller<Write>,
    PathId { id: lead, .. }: PathId<LeadId, LeadIdRejection>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<CommentInput>,
) -> Result<StoredResponse, Error> {
    let answer = |comment: &_| StoredResponse::created(CommentResponse::from(comment));
    table.add_comment(&caller, lead, &body, idempotency_key.as_ref(), answer).await
}
