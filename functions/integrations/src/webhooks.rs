use std::time::Duration;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Confirmation, Empty, IdempotentJson, Json, Manage, PathParam, ValidJson, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{
    Destination, ErrorCode, EventType, FieldError, Named as _, RequestBody as _, SigningSecret, StoredResponse,
    SwitchedOff, Timestamp, User, Webhook, WebhookId, WebhookInput,
};
use shared::platform::entropy::random;
use shared::store::Table;
use tokio::time::timeout;

use crate::Destinations;

/// Timeout for resolving a host name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// A webhook.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Webhook")]
pub struct WebhookResponse {
    id: WebhookId,
    /// The URL that events are posted to.
    url: String,
    /// The types of events that the webhook receives.
    types: Vec<EventType>,
    /// A description for the team.
    description: String,
    /// Whether the webhook receives events.
    active: bool,
    /// Why the webhook was switched off automatically: the endpoint answered 410 (`Gone`), or failed for five days
    /// (`Failing`). `null` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SwitchedOff")]
    switched_off: Option<SwitchedOff>,
    /// Since when every delivery has failed; `null` while deliveries succeed.
    failing_since: Option<Timestamp>,
    /// Until when deliveries go through the queue for slow endpoints; `null` for a prompt one. An endpoint is slow for
    /// an hour after an answer that took more than a second.
    slow_until: Option<Timestamp>,
    /// Who created it.
    created_by: User,
    /// When it was created.
    created_at: Timestamp,
}

impl From<&Webhook> for WebhookResponse {
    fn from(webhook: &Webhook) -> Self {
        let every = webhook.types.is_empty();
        Self {
            id: webhook.id,
            url: webhook.url.as_str().to_owned(),
            types: if every { EventType::ALL.to_vec() } else { webhook.types.clone() },
            description: webhook.description.clone(),
            active: webhook.active,
            switched_off: webhook.switched_off,
            failing_since: webhook.failing_since,
            slow_until: webhook.slow_until,
            created_by: webhook.created_by.clone(),
            created_at: webhook.created_at,
        }
    }
}

/// The answer of `GET /webhooks`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Webhooks {
    /// How many there are.
    count: usize,
    /// The newest first.
    webhooks: Vec<WebhookResponse>,
}

/// The answer of `POST /webhooks`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedWebhook {
    #[serde(flatten)]
    webhook: WebhookResponse,
    #[serde(flatten)]
    secret: WebhookSecret,
}

/// A secret that signs deliveries. The endpoint verifies signatures with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookSecret {
    /// `whsec_` and 256 bits in Base64. It is in this answer only: a repeated request answers `null`.
    secret: Option<String>,
}

impl WebhookSecret {
    fn of(secret: Option<&SigningSecret>) -> Self {
        Self { secret: secret.map(|secret| secret.reveal().to_owned()) }
    }
}

/// `GET /webhooks`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Webhooks>, Error> {
    let webhooks = table.webhooks(&caller.team).await?;
    Ok(Json(Webhooks { count: webhooks.len(), webhooks: webhooks.iter().map(WebhookResponse::from).collect() }))
}

/// `GET /webhooks/{id}`
pub(crate) async fn get(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<WebhookResponse>, Error> {
    Ok(Json((&table.webhook(&caller.team, webhook_id(&id)?).await?).into()))
}

/// `POST /webhooks`
pub(crate) async fn create(
    State(table): State<Table>,
    State(destinations): State<Destinations>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<WebhookInput>,
) -> Result<StoredResponse, Error> {
    if let Some(answer) = table.stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    destinations.check(&body.url).await?;
    let answer = |webhook: &Webhook, secret: Option<&SigningSecret>| {
        StoredResponse::created(CreatedWebhook { webhook: webhook.into(), secret: WebhookSecret::of(secret) })
    };
    let secret = SigningSecret::new(random()?);
    table.add_webhook(&caller, &body, secret, idempotency_key.as_ref(), answer).await
}

/// `PUT /webhooks/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    State(destinations): State<Destinations>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(input): ValidJson<WebhookInput>,
) -> Result<Json<WebhookResponse>, Error> {
    let id = webhook_id(&id)?;
    destinations.check(&input.url).await?;
    Ok(Json((&table.update_webhook(&caller, id, &input).await?).into()))
}

/// `DELETE /webhooks/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    table.delete_webhook(&caller, webhook_id(&id)?).await?;
    Ok(Json(Confirmation {
        message: "Webhook deleted successfully",
        description: "The webhook receives no more events.",
    }))
}

/// `POST /webhooks/{id}/secret`
pub(crate) async fn rotate_secret(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<Empty>,
) -> Result<StoredResponse, Error> {
    let (id, secret) = (webhook_id(&id)?, SigningSecret::new(random()?));
    let answer = |_: &Webhook, secret: Option<&SigningSecret>| StoredResponse::created(WebhookSecret::of(secret));
    table.rotate_secret(&caller, id, &secret, idempotency_key.as_ref(), answer).await
}

pub(crate) fn webhook_id(text: &str) -> Result<WebhookId, Error> {
    text.parse().map_err(|()| Error::webhook_not_found())
}

impl Destinations {
    /// Refuses a URL whose host resolves to a forbidden address. An unknown name is accepted. The sender checks again
    /// at every delivery.
    async fn check(&self, url: &Destination) -> Result<(), Error> {
        let addresses = match url.address() {
            Some(address) => vec![address],
            None => match timeout(RESOLVE_TIMEOUT, self.resolver.resolve(url.host())).await {
                Ok(Ok(addresses)) => addresses,
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
        };
        let may_be_sent_in_the_open = !url.is_plain() || !addresses.is_empty();
        if may_be_sent_in_the_open && addresses.iter().all(|address| url.may_reach(*address, &self.reachable)) {
            return Ok(());
        }
        let fault = if url.is_plain() {
            ErrorCode::InvalidFormat.fault("must begin with https://")
        } else {
            ErrorCode::AddressNotPublic.fault("must lead to a public address")
        };
        Err(Error::invalid(WebhookInput::INVALID, vec![FieldError::new("url", fault)]))
    }
}
