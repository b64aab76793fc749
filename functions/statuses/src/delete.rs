use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Done, Manage, Params, PathParam};
use shared::model::{Refusal, StoredResponse};
use shared::table::Table;

/// `DELETE /leads/status/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Params(()): Params<()>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| Refusal::NoStatusToDelete)?;
    let body = Done {
        message: "Lead status deleted successfully",
        description: "The lead status has been deleted successfully.",
    };
    table.delete_status(&caller, id, StoredResponse::ok(body)).await
}
