use axum::extract::State;
use shared::api::{Caller, Empty, IdempotentJson, Manage, PathId, PathParam};
use shared::domain::error::Error;
use shared::domain::{EventId, Message, WebhookId};
use shared::platform::queue::DeliveryQueues;
use shared::store::{FeedStore, StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, must_be_on, once};

/// `POST /webhooks/{id}/deliveries/{eventId}`: sends an event to a webhook again.
pub(crate) async fn send_again(
    State(webhooks): State<WebhookStore>,
    State(feed): State<FeedStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    PathParam(event_id): PathParam,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<Empty>,
) -> Result<StoredResponse, Error> {
    let event = match EventId::number(&event_id, &caller.team) {
        Some(number) => feed.event(&caller.team, number).await?.map(|event| event.position),
        None => None,
    };
    let told = once(&webhooks, &caller, idempotency_key.as_ref(), async {
        must_be_on(&webhooks, &caller, webhook).await?;
        let number = event.ok_or_else(Error::event_not_found)?.number;
        let id = Some(EventId::new(&caller.team, number));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id, next_since: None })
    })
    .await?;
    let event = event.ok_or_else(Error::event_not_found)?;
    queues.send(&[told.job(&caller, webhook, Message::Event(event))], caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
