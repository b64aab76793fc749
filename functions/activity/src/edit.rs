use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, ValidJson, Write};
use shared::domain::error::Error;
use shared::domain::{CommentId, CommentInput};
use shared::store::ActivityStore;

use crate::CommentResponse;
use crate::invalid_ids::CommentIdRejection;

/// `PUT /leads/comments/{id}`: changes the text of a comment of the caller; an Owner may edit any comment.
pub(crate) async fn edit_comment(
    State(table): State<ActivityStore>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<CommentId, CommentIdRejection>,
    ValidJson(input): ValidJson<CommentInput>,
) -> Result<Json<CommentResponse>, Error> {
    let comment = table.edit_comment(&caller, id, &input, caller.has_access_right::<Manage>()).await?;
    Ok(Json(CommentResponse::from(&comment)))
}
