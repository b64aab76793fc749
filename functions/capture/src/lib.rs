//! The only public write: submissions of forms.

mod content;
mod page;
mod submit;

use axum::Router;
use axum::routing::post;
use shared::store::Table;

pub use submit::Thanks;

/// The endpoint.
pub fn router(table: Table) -> Router {
    shared::api::service(Router::new().route("/forms/{key}/leads", post(submit::submit)).with_state(table))
}
