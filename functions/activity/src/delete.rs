use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, Manage, PathId, ValidQuery, Write};
use shared::domain::CommentId;
use shared::domain::error::Error;
use shared::store::ActivityStore;

/// `DELETE /leads/comments/{id}`: deletes a comment of the caller; an Owner may delete any comment.
pub(crate) async fn delete_comment(
    State(table): State<ActivityStore>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<CommentId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    table.delete_comment(&caller, id, caller.has_access_right::<Manage>()).await?;
    Ok(Json(Confirmation {
        message: "Comment deleted successfully",
        description: "The comment has been deleted successfully.",
    }))
}
