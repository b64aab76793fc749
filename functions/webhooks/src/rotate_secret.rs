use axum::extract::State;
use shared::api::{Caller, EmptyBody, IdempotentJson, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{SigningSecret, Webhook, WebhookId};
use shared::platform::entropy::random_bytes;
use shared::store::{StoredResponse, WebhookStore};

use crate::WebhookSecret;

/// `POST /webhooks/{id}/secret`: replaces the secret that signs deliveries.
pub(crate) async fn rotate_secret(
    State(webhooks): State<WebhookStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<EmptyBody>,
) -> Result<StoredResponse, Error> {
    let secret = SigningSecret::new(random_bytes()?);
    let answer = |_: &Webhook, secret: Option<&SigningSecret>| StoredResponse::created(WebhookSecret::of(secret));
    webhooks.rotate_secret(&caller, id, &secret, idempotency_key.as_ref(), answer).await
}
