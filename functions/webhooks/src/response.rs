use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{EventType, NamedEnum as _, SigningSecret, SwitchedOff, Timestamp, User, Webhook, WebhookId};

/// A webhook.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Webhook")]
pub struct WebhookResponse {
    id: WebhookId,
    /// The URL to which events are posted.
    url: String,
    /// The types of events that the webhook receives.
    types: Vec<EventType>,
    /// Free text that says what the webhook is for.
    description: String,
    /// Whether the webhook receives events.
    active: bool,
    /// Why the webhook was switched off automatically: the endpoint answered 410 (`Gone`), or failed for five days
    /// (`Failing`). Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SwitchedOff")]
    switched_off: Option<SwitchedOff>,
    /// Time since which every delivery attempt has failed; `null` unless the last attempt failed.
    failing_since: Option<Timestamp>,
    /// Until when deliveries go through the queue for slow endpoints. An endpoint counts as slow for an hour after it
    /// did not answer within a second. `null`, or a time in the past, for a prompt endpoint.
    slow_until: Option<Timestamp>,
    /// The user who created the webhook.
    created_by: User,
    /// Time at which the webhook was created.
    created_at: Timestamp,
}

impl From<&Webhook> for WebhookResponse {
    fn from(webhook: &Webhook) -> Self {
        let every = webhook.types.is_empty();
        Self {
            id: webhook.id,
            url: webhook.url.as_str().to_owned(),
            types: if every { EventType::all_values().to_vec() } else { webhook.types.clone() },
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

/// A secret that signs deliveries, and with which the endpoint verifies the signatures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookSecret {
    /// `whsec_` and 256 random bits in Base64. Only this answer shows the secret; a repeated request answers `null`.
    secret: Option<String>,
}

impl WebhookSecret {
    pub(crate) fn of(secret: Option<&SigningSecret>) -> Self {
        Self { secret: secret.map(|secret| secret.reveal_secret().to_owned()) }
    }
}
