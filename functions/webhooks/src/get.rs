use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, ValidQuery};
use shared::domain::WebhookId;
use shared::domain::error::Error;
use shared::store::WebhookStore;

use crate::WebhookResponse;

/// `GET /webhooks/{id}`
pub(crate) async fn get(
    State(webhooks): State<WebhookStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<WebhookResponse>, Error> {
    Ok(Json((&webhooks.webhook(&caller.team, id).await?).into()))
}
