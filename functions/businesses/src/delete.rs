use axum::extract::State;
use shared::api::{Caller, Confirmation, Manage, PathId, ValidQuery};
use shared::domain::BusinessId;
use shared::domain::error::Error;
use shared::store::{StoredResponse, TeamStore};

/// `DELETE /businesses/{id}`
pub(crate) async fn delete(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<BusinessId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<StoredResponse, Error> {
    let body = Confirmation {
        message: "Business deleted successfully",
        description: "The business has been deleted successfully.",
    };
    table.delete_business(&caller, id, StoredResponse::ok(body)).await
}
