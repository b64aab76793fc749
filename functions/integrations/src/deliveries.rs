use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::{Caller, Empty, IdempotentJson, Json, Manage, Page, Paging, PathParam, PathParams, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{
    Actor, Attempt, Cursor, DeliveredEvent, Delivery, DeliveryJob, DeliveryState, DomainError, EventId, IdempotencyKey,
    Lane, Message, ReplayInput, ScheduledJob, StoredResponse, Timestamp, WebhookId,
};
use shared::platform::entropy::random;
use shared::platform::queue::DeliveryQueues;
use shared::store::Table;

use crate::webhooks::webhook_id;

/// Maximum number of deliveries of one replay.
const MAX_REPLAYED_DELIVERIES: usize = 1000;

/// A delivery.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Delivery")]
pub struct DeliveryResponse {
    /// The event.
    event: DeliveredEvent,
    /// State of the delivery.
    state: DeliveryState,
    /// The last 30 attempts, newest first.
    attempts: Vec<Attempt>,
    /// Time of the next attempt; `null` if there is none.
    next_attempt_at: Option<Timestamp>,
}

impl From<Delivery> for DeliveryResponse {
    fn from(delivery: Delivery) -> Self {
        Self {
            event: delivery.event,
            state: delivery.state,
            attempts: delivery.attempts.into_iter().rev().collect(),
            next_attempt_at: delivery.next_attempt_at,
        }
    }
}

/// The answer of `GET /webhooks/{id}/deliveries`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPage {
    /// Newest events first.
    deliveries: Vec<DeliveryResponse>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// What was queued. The outcome is among the deliveries.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedDeliveries {
    /// Number of deliveries that were queued.
    count: usize,
    /// When the request was received.
    at: Timestamp,
    /// Id of the event or ping, if the request sends a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventId")]
    id: Option<EventId>,
    /// `since` of the next request, if there are more failed deliveries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    next_since: Option<Timestamp>,
}

/// `GET /webhooks/{id}/deliveries`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(page): ValidQuery<Page>,
) -> Result<Json<DeliveryPage>, Error> {
    let id = webhook_id(&id)?;
    let cursor = Cursor::of(&caller.team, "deliveries", &id.to_string());
    let (found, more) = table.deliveries(&caller.team, id, page.limit, page.after(&cursor)?.as_ref()).await?;
    let entries = found.into_iter().map(|delivery| (delivery.job.sort_position(), delivery.into()));
    let (deliveries, next_cursor) = Paging { cursor: &cursor, more }.page(entries)?;
    Ok(Json(DeliveryPage { deliveries, next_cursor }))
}

/// `POST /webhooks/{id}/test`
pub(crate) async fn test(
    State(table): State<Table>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<Empty>,
) -> Result<StoredResponse, Error> {
    let webhook = webhook_id(&id)?;
    let told = once(&table, &caller, idempotency_key.as_ref(), async {
        must_be_on(&table, &caller, webhook).await?;
        let id = EventId::of_ping(&caller.team, u64::from_be_bytes(random()?));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id: Some(id), next_since: None })
    })
    .await?;
    let pings = told.id.iter().map(|id| told.job(&caller, webhook, Message::Ping { id: id.clone(), at: told.at }));
    queues.send(&pings.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}

/// `POST /webhooks/{id}/deliveries/{eventId}`
pub(crate) async fn send_again(
    State(table): State<Table>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathParams(id, event_id): PathParams,
    IdempotentJson { idempotency_key, .. }: IdempotentJson<Empty>,
) -> Result<StoredResponse, Error> {
    let webhook = webhook_id(&id)?;
    let event = match EventId::number(&event_id, &caller.team) {
        Some(number) => table.event(&caller.team, number).await?.map(|event| event.position),
        None => None,
    };
    let told = once(&table, &caller, idempotency_key.as_ref(), async {
        must_be_on(&table, &caller, webhook).await?;
        let number = event.ok_or_else(Error::event_not_found)?.number;
        let id = Some(EventId::new(&caller.team, number));
        Ok(QueuedDeliveries { count: 1, at: caller.at, id, next_since: None })
    })
    .await?;
    let event = event.ok_or_else(Error::event_not_found)?;
    queues.send(&[told.job(&caller, webhook, Message::Event(event))], caller.at).await?;
    Ok(StoredResponse::accepted(told))
}

/// `POST /webhooks/{id}/replay`
pub(crate) async fn replay(
    State(table): State<Table>,
    State(queues): State<DeliveryQueues>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    IdempotentJson { body: ReplayInput { since }, idempotency_key }: IdempotentJson<ReplayInput>,
) -> Result<StoredResponse, Error> {
    let webhook = webhook_id(&id)?;
    let (failed, more) = table.failed_deliveries(&caller.team, webhook, since, MAX_REPLAYED_DELIVERIES).await?;
    let told = once(&table, &caller, idempotency_key.as_ref(), async {
        must_be_on(&table, &caller, webhook).await?;
        let next_since = failed.last().map(|last| last.at).filter(|_| more);
        Ok(QueuedDeliveries { count: failed.len(), at: caller.at, id: None, next_since })
    })
    .await?;
    let again = failed.iter().map(|event| told.job(&caller, webhook, Message::Event(*event)));
    queues.send(&again.collect::<Vec<_>>(), caller.at).await?;
    Ok(StoredResponse::accepted(told))
}

async fn must_be_on(table: &Table, actor: &Actor, id: WebhookId) -> Result<(), Error> {
    if table.webhook(&actor.team, id).await?.active { Ok(()) } else { Err(DomainError::WebhookIsOff.into()) }
}

/// Runs `queue` once for an idempotency key. A repeated request sends the same jobs again with the same `round`, so
/// that finished deliveries are not repeated and a request that was cut short is completed.
async fn once(
    table: &Table,
    actor: &Actor,
    idempotency_key: Option<&IdempotencyKey>,
    decide: impl Future<Output = Result<QueuedDeliveries, Error>>,
) -> Result<QueuedDeliveries, Error> {
    let stored = match table.stored_response(actor, idempotency_key).await? {
        Some(stored) => stored,
        None => table.store_response(actor, idempotency_key, StoredResponse::accepted(decide.await?)).await?,
    };
    serde_json::from_value(stored.body).map_err(|error| Error::caused_by("a stored answer does not parse", &error))
}

impl QueuedDeliveries {
    /// A delivery job that somebody asked for, with a `round` of its own. It starts in the prompt queue; the sender
    /// moves it if the endpoint is slow.
    fn job(&self, actor: &Actor, webhook: WebhookId, message: Message) -> ScheduledJob {
        let job = DeliveryJob { team: actor.team.clone(), webhook, message, round: self.at.as_millisecond() };
        ScheduledJob::now(job, Lane::Prompt)
    }
}
