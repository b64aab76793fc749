//! Endpoints of a team's statuses.

mod create;
mod delete;
mod list;
mod reorder;
mod response;
mod update;

use axum::Router;
use axum::routing::{delete, get, post, put};
use shared::store::TeamStore;

pub use list::Statuses;
pub use response::StatusResponse;

/// Builds the router of the status endpoints.
pub fn router(table: TeamStore) -> Router {
    let routes = Router::new()
        .route("/leads/statuses", get(list::list))
        .route("/leads/status", post(create::create))
        .route("/leads/status/{id}", put(update::update))
        .route("/leads/status/{id}", delete(delete::delete))
        .route("/leads/statuses/order", put(reorder::reorder));
    shared::api::with_error_handling_and_log(routes.with_state(table))
}
