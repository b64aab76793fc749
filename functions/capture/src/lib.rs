//! The endpoint for form submissions, the only write that needs no authentication.

mod content;
mod page;
mod submit;

use axum::Router;
use axum::routing::post;
use shared::store::FormStore;

pub use submit::Thanks;

/// Builds the router of the submission endpoint.
pub fn router(table: FormStore) -> Router {
    shared::api::with_error_handling_and_log(
        Router::new().route("/forms/{key}/leads", post(submit::submit)).with_state(table),
    )
}
