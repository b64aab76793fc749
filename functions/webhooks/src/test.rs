use axum::extract::State;
use shared::api::{Caller, Empty, IdempotentJson, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{EventId, Message, WebhookId};
use shared::platform::entropy::random;
use shared::platform::queue::DeliveryQueues;
use shared::store::{StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, must_be_on, once};

/// `POST /webhooks/{id}/test`: sends a test (ping) to a webhook.
pub(crate) async fn test(
    State(webhooks): State<WebhookStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<Empty>,
) -> Result<StoredResponse, Error> {
    let told = once(&webhooks, &caller, idempotency_key.as_ref(), async {
        must_be_on(&webhooks, &caller, webhook).await?;
        let id = EventId::of_ping(&caller.team, u64::from_be_bytes(random()?));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id: Some(id), next_since: None })
    })
    .await?;
    let pings = told.id.iter().map(|id| told.job(&caller, webhook, Message::Ping { id: id.clone(), at: told.at }));
    queues.send(&pings.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
