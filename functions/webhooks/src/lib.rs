//! Endpoints of webhooks, their deliveries, and the feed of events.

mod create;
mod delete;
mod deliveries;
mod destinations;
mod events;
mod get;
mod list;
mod queued;
mod replay;
mod response;
mod rotate_secret;
mod send_again;
mod test;
mod update;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{delete, get, post, put};
use shared::platform::queue::DeliveryQueues;
use shared::store::{FeedStore, WebhookStore};

pub use create::CreatedWebhook;
pub use deliveries::{DeliveryPage, DeliveryResponse};
pub use destinations::DestinationCheck;
pub use events::{EventPage, EventsParams};
pub use list::Webhooks;
pub use queued::QueuedDeliveries;
pub use response::{WebhookResponse, WebhookSecret};

/// The axum state of the webhook endpoints.
#[derive(Clone, Debug)]
pub struct WebhooksState {
    /// Store of webhooks and their deliveries.
    pub webhooks: WebhookStore,
    /// Store of the feed of events.
    pub feed: FeedStore,
    /// The delivery queues.
    pub deliveries: DeliveryQueues,
    /// Checks whether webhooks may send to a URL.
    pub destinations: DestinationCheck,
}

impl FromRef<WebhooksState> for WebhookStore {
    fn from_ref(state: &WebhooksState) -> Self {
        state.webhooks.clone()
    }
}

impl FromRef<WebhooksState> for FeedStore {
    fn from_ref(state: &WebhooksState) -> Self {
        state.feed.clone()
    }
}

impl FromRef<WebhooksState> for DeliveryQueues {
    fn from_ref(state: &WebhooksState) -> Self {
        state.deliveries.clone()
    }
}

impl FromRef<WebhooksState> for DestinationCheck {
    fn from_ref(state: &WebhooksState) -> Self {
        state.destinations.clone()
    }
}

/// Builds the router of the webhook endpoints.
pub fn router(state: WebhooksState) -> Router {
    let routes = Router::new()
        .route("/events", get(events::list_events))
        .route("/webhooks", get(list::list))
        .route("/webhooks", post(create::create))
        .route("/webhooks/{id}", get(get::get))
        .route("/webhooks/{id}", put(update::update))
        .route("/webhooks/{id}", delete(delete::delete))
        .route("/webhooks/{id}/secret", post(rotate_secret::rotate_secret))
        .route("/webhooks/{id}/test", post(test::send_test_ping))
        .route("/webhooks/{id}/replay", post(replay::replay_failed_deliveries))
        .route("/webhooks/{id}/deliveries", get(deliveries::list_deliveries))
        .route("/webhooks/{id}/deliveries/{eventId}", post(send_again::resend_event));
    shared::api::with_error_handling_and_log(routes.with_state(state))
}
