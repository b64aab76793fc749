use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, Manage, PathId, ValidQuery};
use shared::domain::FormId;
use shared::domain::error::Error;
use shared::store::FormStore;

/// `DELETE /forms/{id}`
pub(crate) async fn delete(
    State(table): State<FormStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<FormId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    table.delete_form(&caller, id).await?;
    Ok(Json(Confirmation { message: "Form deleted successfully", description: "The form takes no more submissions." }))
}
