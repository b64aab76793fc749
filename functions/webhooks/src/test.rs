use axum::extract::State;
use shared::api::{Caller, EmptyBody, IdempotentJson, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{DeliveryContent, EventId, WebhookId};
use shared::platform::entropy::random_bytes;
use shared::platform::queue::DeliveryQueues;
use shared::store::{StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, decide_once_per_idempotency_key, require_active};

/// `POST /webhooks/{id}/test`: sends a test (ping) to a webhook.
pub(crate) async fn send_test_ping(
    State(webhooks): State<WebhookStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<EmptyBody>,
) -> Result<StoredResponse, Error> {
    let told = decide_once_per_idempotency_key(&webhooks, &caller, idempotency_key.as_ref(), async {
        require_active(&webhooks, &caller, webhook).await?;
        let id = EventId::of_ping(&caller.team, u64::from_be_bytes(random_bytes()?));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id: Some(id), next_since: None })
    })
    .await?;
    let pings = told
        .id
        .iter()
        .map(|id| told.job_of_request(&caller, webhook, DeliveryContent::Ping { id: id.clone(), at: told.at }));
    queues.send_jobs(&pings.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
