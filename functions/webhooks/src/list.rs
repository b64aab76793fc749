use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Manage, ValidQuery};
use shared::domain::error::Error;
use shared::store::WebhookStore;

use crate::WebhookResponse;

/// The answer of `GET /webhooks`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Webhooks {
    /// Number of webhooks.
    count: usize,
    /// The team's webhooks, newest first.
    webhooks: Vec<WebhookResponse>,
}

/// `GET /webhooks`
pub(crate) async fn list(
    State(webhooks): State<WebhookStore>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Webhooks>, Error> {
    let webhooks = webhooks.webhooks(&caller.team).await?;
    Ok(Json(Webhooks { count: webhooks.len(), webhooks: webhooks.iter().map(WebhookResponse::from).collect() }))
}
