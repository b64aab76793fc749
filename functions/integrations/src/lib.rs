//! Endpoints of API keys, forms, webhooks and the feed of events.

mod deliveries;
mod events;
mod forms;
mod keys;
mod webhooks;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{delete, get, post, put};
use shared::domain::EgressAllowlist;
use shared::platform::queue::DeliveryQueues;
use shared::platform::resolver::Resolver;
use shared::store::Table;

pub use deliveries::{DeliveryPage, DeliveryResponse, QueuedDeliveries};
pub use events::{EventPage, EventsParams};
pub use forms::{FormResponse, Forms};
pub use keys::{ApiKeyResponse, ApiKeys, CreatedApiKey};
pub use webhooks::{CreatedWebhook, WebhookResponse, WebhookSecret, Webhooks};

/// The state of this function's endpoints.
#[derive(Clone, Debug)]
pub struct Integrations {
    /// The table.
    pub table: Table,
    /// The delivery queues.
    pub deliveries: DeliveryQueues,
    /// Addresses that webhooks may reach.
    pub destinations: Destinations,
}

/// Addresses that webhooks may reach.
#[derive(Clone, Debug)]
pub struct Destinations {
    /// Networks beside the public Internet.
    pub reachable: EgressAllowlist,
    /// Resolver of host names.
    pub resolver: Resolver,
}

impl FromRef<Integrations> for Table {
    fn from_ref(integrations: &Integrations) -> Self {
        integrations.table.clone()
    }
}

impl FromRef<Integrations> for DeliveryQueues {
    fn from_ref(integrations: &Integrations) -> Self {
        integrations.deliveries.clone()
    }
}

impl FromRef<Integrations> for Destinations {
    fn from_ref(integrations: &Integrations) -> Self {
        integrations.destinations.clone()
    }
}

/// The endpoints.
pub fn router(integrations: Integrations) -> Router {
    let routes = Router::new()
        .route("/keys", get(keys::list))
        .route("/keys", post(keys::create))
        .route("/keys/{id}", delete(keys::delete))
        .route("/forms", get(forms::list))
        .route("/forms", post(forms::create))
        .route("/forms/{id}", put(forms::update))
        .route("/forms/{id}", delete(forms::delete))
        .route("/events", get(events::list))
        .route("/webhooks", get(webhooks::list))
        .route("/webhooks", post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::get))
        .route("/webhooks/{id}", put(webhooks::update))
        .route("/webhooks/{id}", delete(webhooks::delete))
        .route("/webhooks/{id}/secret", post(webhooks::rotate_secret))
        .route("/webhooks/{id}/test", post(deliveries::test))
        .route("/webhooks/{id}/replay", post(deliveries::replay))
        .route("/webhooks/{id}/deliveries", get(deliveries::list))
        .route("/webhooks/{id}/deliveries/{eventId}", post(deliveries::send_again));
    shared::api::service(routes.with_state(integrations))
}
