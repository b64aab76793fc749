//! Endpoints to create, list and revoke API keys.

mod create;
mod delete;
mod list;
mod response;

use axum::Router;
use axum::routing::{delete, get, post};
use shared::store::ApiKeyStore;

pub use create::CreatedApiKey;
pub use list::ApiKeys;
pub use response::ApiKeyResponse;

/// Builds the router of the API key endpoints.
pub fn router(table: ApiKeyStore) -> Router {
    let routes = Router::new()
        .route("/keys", get(list::list))
        .route("/keys", post(create::create))
        .route("/keys/{id}", delete(delete::delete));
    shared::api::with_error_handling_and_log(routes.with_state(table))
}
