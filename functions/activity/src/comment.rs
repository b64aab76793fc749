use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Post, Segment, Write};
use shared::model::{Answer, CommentInput};
use shared::table::Table;

use crate::comment_json;

/// `POST /leads/comments/{id}`
pub(crate) async fn comment(
    State(table): State<Table>,
    caller: Caller<Write>,
    Segment(id): Segment,
    Post { body, once }: Post<CommentInput>,
) -> Result<Answer, Error> {
    let lead = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead ID"))?;
    let answer = |comment: &_| Answer::created(comment_json(comment));
    table.add_comment(&caller, lead, &body, once.as_ref(), answer).await
}
