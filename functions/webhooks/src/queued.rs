use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::error::Error;
use shared::domain::{
    Actor, DeliveryContent, DeliveryJob, DeliveryQueueKind, DomainError, EventId, IdempotencyKey, ScheduledJob,
    Timestamp, WebhookId,
};
use shared::store::{StoredResponse, WebhookStore};

/// The deliveries that a request queued. `GET /webhooks/{id}/deliveries` shows their results.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedDeliveries {
    /// Number of queued deliveries.
    pub(crate) count: usize,
    /// Time at which the request was received.
    pub(crate) at: Timestamp,
    /// Id of the event or ping that is sent. Absent in the answer to a replay, which may send many events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventId")]
    pub(crate) id: Option<EventId>,
    /// `since` for the next replay request. Present if there are more failed deliveries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    pub(crate) next_since: Option<Timestamp>,
}

impl QueuedDeliveries {
    /// Builds a delivery job for this request, with the time of the request as `round`. The job starts in the prompt
    /// queue; the sender moves it if the endpoint is slow.
    pub(crate) fn job_of_request(&self, actor: &Actor, webhook: WebhookId, message: DeliveryContent) -> ScheduledJob {
        let job = DeliveryJob { team: actor.team.clone(), webhook, message, round: self.at.as_millisecond() };
        ScheduledJob::immediate(job, DeliveryQueueKind::Prompt)
    }
}

/// Runs `decide` once for an idempotency key, and returns the stored answer to a repeated request. The caller queues
/// jobs each time, with the `round` of the first request: finished deliveries are not repeated, and a request that was
/// cut short is completed.
pub(crate) async fn decide_once_per_idempotency_key(
    webhooks: &WebhookStore,
    actor: &Actor,
    idempotency_key: Option<&IdempotencyKey>,
    decide: impl Future<Output = Result<QueuedDeliveries, Error>>,
) -> Result<QueuedDeliveries, Error> {
    let stored = match webhooks.read_stored_response(actor, idempotency_key).await? {
        Some(stored) => stored,
        None => webhooks.store_response(actor, idempotency_key, StoredResponse::accepted(decide.await?)).await?,
    };
    serde_json::from_value(stored.body).map_err(|error| Error::caused_by("a stored answer does not parse", &error))
}

pub(crate) async fn require_active(webhooks: &WebhookStore, actor: &Actor, id: WebhookId) -> Result<(), Error> {
    if webhooks.webhook(&actor.team, id).await?.active { Ok(()) } else { Err(DomainError::WebhookIsOff.into()) }
}
