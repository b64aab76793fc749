use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{Caller, Empty, Json, Manage, Page, Paging, Params, PathParam, PathParams, Post};
use shared::model::{
    Actor, Cursor, DeliveryResponse, Dispatch, EventId, Message, Refusal, ReplayInput, StoredResponse, Timestamp,
    Webhook,
};
use shared::queue::Queue;
use shared::table::Table;

use crate::webhooks::webhook_id;

/// Deliveries that one replay puts on their way, at most.
const REPLAYED: usize = 1000;

/// The answer of `GET /webhooks/{id}/deliveries`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPage {
    /// Those of what became known last first.
    deliveries: Vec<DeliveryResponse>,
    /// Of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// What was put on its way; what became of it is among the deliveries.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnItsWay {
    /// How many.
    count: usize,
    /// The id of what is sent, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventId")]
    id: Option<EventId>,
    /// There are more than can be sent at once: those since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    next_since: Option<Timestamp>,
}

/// `GET /webhooks/{id}/deliveries`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Params(page): Params<Page>,
) -> Result<Json<DeliveryPage>, Error> {
    let id = webhook_id(&id)?;
    let cursor = Cursor::of(&caller.team, "deliveries", &id.to_string());
    let (found, more) = table.deliveries(&caller.team, id, page.limit, page.after(&cursor)?.as_ref()).await?;
    let entries = found.into_iter().map(|delivery| (delivery.dispatch.sort_position(), delivery.into()));
    let (deliveries, next_cursor) = Paging { cursor: &cursor, more }.page(entries)?;
    Ok(Json(DeliveryPage { deliveries, next_cursor }))
}

/// `POST /webhooks/{id}/test`
pub(crate) async fn test(
    State(table): State<Table>,
    State(queue): State<Queue>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Post { idempotency_key, .. }: Post<Empty>,
) -> Result<StoredResponse, Error> {
    if let Some(answer) = table.stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    let webhook = webhook_that_is_on(&table, &caller, &id).await?;
    let random = u64::from_be_bytes(crate::random()?) % 10_000_000_000_000_000;
    let id = EventId::of_ping(&caller.team, random);
    let ping = Message::Ping { id: id.clone(), at: caller.at, random };
    queue.dispatch(&[dispatch(&caller, &webhook, ping)]).await?;
    let answer = StoredResponse::accepted(OnItsWay { count: 1, id: Some(id), next_since: None });
    table.keep_answer(&caller, idempotency_key.as_ref(), answer).await
}

/// `POST /webhooks/{id}/deliveries/{eventId}`
pub(crate) async fn send_again(
    State(table): State<Table>,
    State(queue): State<Queue>,
    caller: Caller<Manage>,
    PathParams(id, event_id): PathParams,
    Post { idempotency_key, .. }: Post<Empty>,
) -> Result<StoredResponse, Error> {
    if let Some(answer) = table.stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    let webhook = webhook_that_is_on(&table, &caller, &id).await?;
    let number = EventId::number(&event_id, &caller.team).ok_or_else(Error::event_not_found)?;
    let event = table.event(&caller.team, number).await?.ok_or_else(Error::event_not_found)?;
    queue.dispatch(&[dispatch(&caller, &webhook, Message::Event(event.position))]).await?;
    let id = Some(EventId::new(&caller.team, number));
    let answer = StoredResponse::accepted(OnItsWay { count: 1, id, next_since: None });
    table.keep_answer(&caller, idempotency_key.as_ref(), answer).await
}

/// `POST /webhooks/{id}/replay`
pub(crate) async fn replay(
    State(table): State<Table>,
    State(queue): State<Queue>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Post { body: ReplayInput { since }, idempotency_key }: Post<ReplayInput>,
) -> Result<StoredResponse, Error> {
    if let Some(answer) = table.stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    let webhook = webhook_that_is_on(&table, &caller, &id).await?;
    let (failed, more) = table.failed_deliveries(&caller.team, webhook.id, since, REPLAYED).await?;
    let next_since = failed.last().map(|last| last.at).filter(|_| more);
    let dispatches: Vec<Dispatch> =
        failed.into_iter().map(|position| dispatch(&caller, &webhook, Message::Event(position))).collect();
    queue.dispatch(&dispatches).await?;
    let answer = StoredResponse::accepted(OnItsWay { count: dispatches.len(), id: None, next_since });
    table.keep_answer(&caller, idempotency_key.as_ref(), answer).await
}

async fn webhook_that_is_on(table: &Table, actor: &Actor, id: &str) -> Result<Webhook, Error> {
    let webhook = table.webhook(&actor.team, webhook_id(id)?).await?;
    if webhook.active { Ok(webhook) } else { Err(Refusal::WebhookIsOff.into()) }
}

/// What is sent because somebody asks for it: a round of its own.
fn dispatch(actor: &Actor, webhook: &Webhook, message: Message) -> Dispatch {
    Dispatch { team: actor.team.clone(), webhook: webhook.id, message, round: actor.at.as_millisecond() }
}
