//! What an owner sets up for others to call: API keys (spec section 9).

mod keys;

use axum::Router;
use axum::routing::{delete, get, post};
use shared::table::Table;

pub use keys::{ApiKeys, CreatedApiKey};

/// The endpoints.
pub fn router(table: Table) -> Router {
    let routes = Router::new()
        .route("/keys", get(keys::list))
        .route("/keys", post(keys::create))
        .route("/keys/{id}", delete(keys::delete));
    shared::http::service(routes.with_state(table))
}
