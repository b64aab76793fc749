//! Figures of the leads that were created in a period, and the newest of them (spec section 7).

mod dates;
mod recent_leads;
mod total_leads;
mod volume;

use axum::Router;
use axum::routing::get;
use shared::table::Table;

/// The endpoints.
pub fn router(table: Table) -> Router {
    let routes = Router::new()
        .route("/leads/leads-volume", get(volume::volume))
        .route("/leads/total-leads", get(total_leads::total_leads))
        .route("/leads/recent-leads", get(recent_leads::recent_leads));
    shared::http::service(routes.with_state(table))
}
