use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, CursorCodec, Json, Manage, PageBuilder, PageParams, PathId, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{Attempt, DeliveredEvent, Delivery, DeliveryState, Timestamp, WebhookId};
use shared::store::WebhookStore;

/// A delivery.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Delivery")]
pub struct DeliveryResponse {
    /// The delivered event.
    event: DeliveredEvent,
    /// State of the delivery.
    state: DeliveryState,
    /// The last 30 attempts, newest first.
    attempts: Vec<Attempt>,
    /// Time of the next attempt; `null` if none is planned.
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
    /// The deliveries of this page, newest events first.
    deliveries: Vec<DeliveryResponse>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// `GET /webhooks/{id}/deliveries`: lists the deliveries to a webhook.
pub(crate) async fn list_deliveries(
    State(webhooks): State<WebhookStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    ValidQuery(page): ValidQuery<PageParams>,
) -> Result<Json<DeliveryPage>, Error> {
    let cursor = CursorCodec::of(&caller.team, "deliveries", &id.to_string());
    let (found, more) =
        webhooks.deliveries(&caller.team, id, page.limit, page.start_position(&cursor)?.as_ref()).await?;
    let entries = found.into_iter().map(|delivery| (delivery.job.sort_position(), delivery.into()));
    let (deliveries, next_cursor) = PageBuilder { cursor: &cursor, more }.build_page(entries)?;
    Ok(Json(DeliveryPage { deliveries, next_cursor }))
}
