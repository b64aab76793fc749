use axum::extract::State;
use shared::api::{Caller, Confirmation, InvalidPathId, Manage, PathId, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{DomainError, StatusId};
use shared::store::{StoredResponse, TeamStore};

/// Makes [`PathId`] refuse a malformed status id in `DELETE /leads/status/{id}` with the same 400 as an unknown status.
pub(crate) struct NoStatusToDelete;

impl InvalidPathId for NoStatusToDelete {
    fn invalid_id_error() -> Error {
        DomainError::NoStatusToDelete.into()
    }
}

/// `DELETE /leads/status/{id}`
pub(crate) async fn delete(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<StatusId, NoStatusToDelete>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<StoredResponse, Error> {
    let body = Confirmation {
        message: "Lead status deleted successfully",
        description: "The lead status has been deleted successfully.",
    };
    table.delete_status(&caller, id, StoredResponse::ok(body)).await
}
