use axum::extract::State;
use shared::api::{Caller, EmptyBody, IdempotentJson, LastPathParam, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{DeliveryContent, EventId, WebhookId};
use shared::platform::queue::DeliveryQueues;
use shared::store::{FeedStore, StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, decide_once_per_idempotency_key, require_active};

/// `POST /webhooks/{id}/deliveries/{eventId}`: sends an event to a webhook again.
pub(crate) async fn resend_event(
    State(webhooks): State<WebhookStore>,
    State(feed): State<FeedStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    LastPathParam(event_id): LastPathParam,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<EmptyBody>,
) -> Result<StoredResponse, Error> {
    let event = match EventId::parse_number(&event_id, &caller.team) {
        Some(number) => feed.event(&caller.team, number).await?.map(|event| event.position),
        None => None,
    };
    let told = decide_once_per_idempotency_key(&webhooks, &caller, idempotency_key.as_ref(), async {
        require_active(&webhooks, &caller, webhook).await?;
        let number = event.ok_or_else(Error::event_not_found)?.number;
        let id = Some(EventId::new(&caller.team, number));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id, next_since: None })
    })
    .await?;
    let event = event.ok_or_else(Error::event_not_found)?;
    queues.send_jobs(&[told.job_of_request(&caller, webhook, DeliveryContent::Event(event))], caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
