use axum::extract::State;
use shared::api::{Caller, Confirmation, Manage, PathParam, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{DomainError, StoredResponse};
use shared::store::Table;

/// `DELETE /leads/status/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| DomainError::NoStatusToDelete)?;
    let body = Confirmation {
        message: "Lead status deleted successfully",
        description: "The lead status has been deleted successfully.",
    };
    table.delete_status(&caller, id, StoredResponse::ok(body)).await
}
