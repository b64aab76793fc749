use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Manage, PathParam, Valid, Write, json};
use shared::model::CommentInput;
use shared::table::Table;

use crate::comment_json;

/// `PUT /leads/comments/{id}`: one's own, an owner anyone's.
pub(crate) async fn edit(
    State(table): State<Table>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    Valid(input): Valid<CommentInput>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::invalid_path_id("Invalid comment ID"))?;
    let comment = table.edit_comment(&caller, id, &input, caller.has::<Manage>()).await?;
    Ok(json(comment_json(&comment)))
}
