use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, Manage, PathId, ValidQuery};
use shared::domain::WebhookId;
use shared::domain::error::Error;
use shared::store::WebhookStore;

/// `DELETE /webhooks/{id}`
pub(crate) async fn delete(
    State(webhooks): State<WebhookStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    webhooks.delete_webhook(&caller, id).await?;
    Ok(Json(Confirmation {
        message: "Webhook deleted successfully",
        description: "The webhook receives no more events.",
    }))
}
