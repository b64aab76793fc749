//! Endpoints of the dashboard: counts of the leads that were created in a period, and the newest of these leads.

mod leads_volume;
mod period_params;
mod recent_leads;
mod total_leads;

use axum::Router;
use axum::routing::get;
use shared::platform::photos::PhotoBucket;
use shared::store::{CounterStore, LeadStore};

pub use leads_volume::{StatusVolume, Volume};
pub use period_params::PeriodParams;
pub use recent_leads::RecentLeadsParams;
pub use total_leads::{Figure, TotalLeadsParams, Totals};

/// The axum state of the dashboard endpoints.
#[derive(Clone, Debug)]
pub struct DashboardState {
    /// Store of the counters of created leads.
    pub counters: CounterStore,
    /// Store of the newest leads.
    pub leads: LeadStore,
    /// The S3 bucket with the objects of photos, for the photos of the newest leads.
    pub photos: PhotoBucket,
}

/// Builds the router of the dashboard endpoints.
pub fn router(dashboard: DashboardState) -> Router {
    let routes = Router::new()
        .route("/leads/leads-volume", get(leads_volume::leads_volume))
        .route("/leads/total-leads", get(total_leads::total_leads))
        .route("/leads/recent-leads", get(recent_leads::recent_leads));
    shared::api::with_error_handling_and_log(routes.with_state(dashboard))
}
