use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{DeliveryContent, ReplayInput, WebhookId};
use shared::platform::queue::DeliveryQueues;
use shared::store::{StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, decide_once_per_idempotency_key, require_active};

/// Maximum number of failed deliveries that one replay request sends again.
const MAX_REPLAYED_DELIVERIES: usize = 1000;

/// `POST /webhooks/{id}/replay`: sends failed deliveries again.
pub(crate) async fn replay_failed_deliveries(
    State(webhooks): State<WebhookStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    IdempotentJson { body: ReplayInput { since }, idempotency_key }: IdempotentJson<ReplayInput>,
) -> Result<StoredResponse, Error> {
    let (failed, more) = webhooks.failed_deliveries(&caller.team, webhook, since, MAX_REPLAYED_DELIVERIES).await?;
    let told = decide_once_per_idempotency_key(&webhooks, &caller, idempotency_key.as_ref(), async {
        require_active(&webhooks, &caller, webhook).await?;
        let next_since = failed.last().map(|last| last.at).filter(|_| more);
        Ok(QueuedDeliveries { count: failed.len(), at: caller.at, id: None, next_since })
    })
    .await?;
    let again = failed.iter().map(|event| told.job_of_request(&caller, webhook, DeliveryContent::Event(*event)));
    queues.send_jobs(&again.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
