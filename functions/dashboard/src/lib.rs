//! Endpoints of the dashboard: counts of the leads that were created in a period, and the newest of these leads.

mod dates;
mod recent_leads;
mod total_leads;
mod volume;

use axum::Router;
use axum::routing::get;
use shared::platform::photos::Photos;
use shared::store::{CounterStore, LeadStore};

pub use dates::PeriodParams;
pub use recent_leads::RecentParams;
pub use total_leads::{Figure, TotalParams, Totals};
pub use volume::Volume;

/// The axum state of the dashboard endpoints.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Store of the counters of created leads.
    pub counters: CounterStore,
    /// Store of the newest leads.
    pub leads: LeadStore,
    /// Store of photo objects in S3, for the photos of the newest leads.
    pub photos: Photos,
}

/// Builds the router of the dashboard endpoints.
pub fn router(dashboard: Dashboard) -> Router {
    let routes = Router::new()
        .route("/leads/leads-volume", get(volume::volume))
        .route("/leads/total-leads", get(total_leads::total_leads))
        .route("/leads/recent-leads", get(recent_leads::recent_leads));
    shared::api::service(routes.with_state(dashboard))
}
