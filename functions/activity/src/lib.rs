//! Endpoints of a lead's log and comments: `/leads/logs`, `/leads/logs-and-comments`, `/leads/comments`.

mod comment;
mod delete;
mod edit;
mod entries;
mod invalid_ids;
mod logs;
mod timeline;

use axum::Router;
use axum::routing::{delete, get, post, put};
use shared::store::ActivityStore;

pub use entries::{CommentResponse, TimelineEntry};
pub use logs::LogPage;
pub use timeline::TimelinePage;

/// Builds the router of the log and comment endpoints.
pub fn router(table: ActivityStore) -> Router {
    let routes = Router::new()
        .route("/leads/logs/{id}", get(logs::list_logs))
        .route("/leads/logs-and-comments/{id}", get(timeline::list_timeline))
        .route("/leads/comments/{id}", post(comment::add_comment))
        .route("/leads/comments/{id}", put(edit::edit_comment))
        .route("/leads/comments/{id}", delete(delete::delete_comment));
    shared::api::with_error_handling_and_log(routes.with_state(table))
}
