use axum::extract::State;
use shared::api::{Caller, IdempotentJson, PathParam, Write};
use shared::domain::error::Error;
use shared::domain::{CommentInput, StoredResponse};
use shared::store::Table;

use crate::CommentResponse;

/// `POST /leads/comments/{id}`
pub(crate) async fn comment(
    State(table): State<Table>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    IdempotentJson { body, idempotency_key }: IdempotentJson<CommentInput>,
) -> Result<StoredResponse, Error> {
    let lead = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead ID"))?;
    let answer = |comment: &_| StoredResponse::created(CommentResponse::from(comment));
    table.add_comment(&caller, lead, &body, idempotency_key.as_ref(), answer).await
}
