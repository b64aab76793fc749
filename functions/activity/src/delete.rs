use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Manage, Params, PathParam, Write, done, json};
use shared::table::Table;

/// `DELETE /leads/comments/{id}`: one's own, an owner anyone's.
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::comment_not_found())?;
    table.delete_comment(&caller, id, caller.has::<Manage>()).await?;
    Ok(json(done("Comment deleted successfully", "The comment has been deleted successfully.")))
}
