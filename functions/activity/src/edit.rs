use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathParam, ValidJson, Write};
use shared::domain::CommentInput;
use shared::domain::error::Error;
use shared::store::Table;

use crate::CommentResponse;

/// `PUT /leads/comments/{id}`: the caller's own comment; an Owner may edit anyone's.
pub(crate) async fn edit(
    State(table): State<Table>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    ValidJson(input): ValidJson<CommentInput>,
) -> Result<Json<CommentResponse>, Error> {
    let id = id.parse().map_err(|()| Error::invalid_path_id("Invalid comment ID"))?;
    let comment = table.edit_comment(&caller, id, &input, caller.has::<Manage>()).await?;
    Ok(Json(CommentResponse::from(&comment)))
}
