use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, ValidJson};
use shared::domain::error::Error;
use shared::domain::{WebhookId, WebhookInput};
use shared::store::WebhookStore;

use crate::{DestinationCheck, WebhookResponse};

/// `PUT /webhooks/{id}`
pub(crate) async fn update(
    State(webhooks): State<WebhookStore>,
    State(destinations): State<DestinationCheck>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    ValidJson(input): ValidJson<WebhookInput>,
) -> Result<Json<WebhookResponse>, Error> {
    destinations.refuse_forbidden_url(&input.url).await?;
    Ok(Json((&webhooks.update_webhook(&caller, id, &input).await?).into()))
}
