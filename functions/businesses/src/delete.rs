use axum::extract::State;
use shared::api::{Caller, Confirmation, Manage, PathParam, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{DomainError, StoredResponse};
use shared::store::Table;

/// `DELETE /businesses/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| DomainError::UnknownBusiness)?;
    let body = Confirmation {
        message: "Business deleted successfully",
        description: "The business has been deleted successfully.",
    };
    table.delete_business(&caller, id, StoredResponse::ok(body)).await
}
