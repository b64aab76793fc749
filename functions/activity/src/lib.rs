//! The log of a lead and the comments on it (spec section 5).

mod comment;
mod edit;
mod logs;
mod timeline;

use axum::Router;
use axum::routing::{get, post, put};
use serde_json::{Value, json};
use shared::model::Comment;
use shared::table::Table;

/// The endpoints.
pub fn router(table: Table) -> Router {
    let routes = Router::new()
        .route("/leads/logs/{id}", get(logs::logs))
        .route("/leads/logs-and-comments/{id}", get(timeline::timeline))
        .route("/leads/comments/{id}", post(comment::comment))
        .route("/leads/comments/{id}", put(edit::edit));
    shared::http::service(routes.with_state(table))
}

/// A comment as the API shows it.
fn comment_json(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "content": comment.content,
        "user": comment.user,
        "createdAt": comment.created_at,
        "updatedAt": comment.updated_at,
    })
}
