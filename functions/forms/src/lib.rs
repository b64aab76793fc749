//! Endpoints for the forms through which visitors create leads.

mod create;
mod delete;
mod list;
mod response;
mod update;

use axum::Router;
use axum::routing::{delete, get, post, put};
use shared::store::FormStore;

pub use list::Forms;
pub use response::FormResponse;

/// Builds the router of the form endpoints.
pub fn router(table: FormStore) -> Router {
    let routes = Router::new()
        .route("/forms", get(list::list))
        .route("/forms", post(create::create))
        .route("/forms/{id}", put(update::update))
        .route("/forms/{id}", delete(delete::delete));
    shared::api::with_error_handling_and_log(routes.with_state(table))
}
