use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, Manage, PathId, ValidQuery};
use shared::domain::ApiKeyId;
use shared::domain::error::Error;
use shared::store::ApiKeyStore;

/// `DELETE /keys/{id}`
pub(crate) async fn delete(
    State(table): State<ApiKeyStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<ApiKeyId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    table.delete_api_key(&caller, id).await?;
    Ok(Json(Confirmation {
        message: "API key revoked successfully",
        description: "It is refused within 60 seconds, everywhere.",
    }))
}
