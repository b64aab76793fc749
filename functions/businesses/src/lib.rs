//! Endpoints of a team's businesses.

mod create;
mod delete;
mod list;
mod rename;

use axum::Router;
use axum::routing::{delete, get, post, put};
use shared::store::TeamStore;

pub use list::Businesses;

/// Builds the router of the business endpoints.
pub fn router(table: TeamStore) -> Router {
    let routes = Router::new()
        .route("/businesses", get(list::list))
        .route("/businesses", post(create::create))
        .route("/businesses/{id}", put(rename::rename))
        .route("/businesses/{id}", delete(delete::delete));
    shared::api::with_error_handling_and_log(routes.with_state(table))
}
