use axum::extract::State;
use shared::api::{Caller, IdempotentJson, Manage, PathId};
use shared::domain::error::Error;
use shared::domain::{Message, ReplayInput, WebhookId};
use shared::platform::queue::DeliveryQueues;
use shared::store::{StoredResponse, WebhookStore};

use crate::queued::{QueuedDeliveries, must_be_on, once};

/// Maximum number of failed deliveries that one replay request sends again.
const MAX_REPLAYED_DELIVERIES: usize = 1000;

/// `POST /webhooks/{id}/replay`: sends failed deliveries again.
pub(crate) async fn replay(
    State(webhooks): State<WebhookStore>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathId { id: webhook, .. }: PathId<WebhookId>,
    IdempotentJson { body: ReplayInput { since }, idempotency_key }: IdempotentJson<ReplayInput>,
) -> Result<StoredResponse, Error> {
    let (failed, more) = webhooks.failed_deliveries(&caller.team, webhook, since, MAX_REPLAYED_DELIVERIES).await?;
    let told = once(&webhooks, &caller, idempotency_key.as_ref(), async {
        must_be_on(&webhooks, &caller, webhook).await?;
        let next_since = failed.last().map(|last| last.at).filter(|_| more);
        Ok(QueuedDeliveries { count: failed.len(), at: caller.at, id: None, next_since })
    })
    .await?;
    let again = failed.iter().map(|event| told.job(&caller, webhook, Message::Event(*event)));
    queues.send(&again.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}
