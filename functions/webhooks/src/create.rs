use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::error::Error;
use shared::domain::{SigningSecret, Webhook, WebhookInput};
use shared::platform::entropy::random_bytes;
use shared::store::{StoredResponse, WebhookStore};

use crate::{DestinationCheck, WebhookResponse, WebhookSecret};

/// The answer of `POST /webhooks`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedWebhook {
    #[serde(flatten)]
    webhook: WebhookResponse,
    #[serde(flatten)]
    secret: WebhookSecret,
}

/// `POST /webhooks`
pub(crate) async fn create(
    State(webhooks): State<WebhookStore>,
    State(destinations): State<DestinationCheck>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<WebhookInput>,
) -> Result<StoredResponse, Error> {
    if let Some(answer) = webhooks.read_stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    destinations.refuse_forbidden_url(&body.url).await?;
    let answer = |webhook: &Webhook, secret: Option<&SigningSecret>| {
        StoredResponse::created(CreatedWebhook { webhook: webhook.into(), secret: WebhookSecret::of(secret) })
    };
    let secret = SigningSecret::new(random_bytes()?);
    webhooks.add_webhook(&caller, &body, secret, idempotency_key.as_ref(), answer).await
}
