//! The log of a lead and the comments on it (spec section 5).

mod comment;
mod delete;
mod edit;
mod logs;
mod timeline;

use axum::Router;
use axum::routing::{delete, get, post, put};
use serde_json::{Value, json};
use shared::model::{Action, Comment};
use shared::table::{Entry, Table};

/// The endpoints.
pub fn router(table: Table) -> Router {
    let routes = Router::new()
        .route("/leads/logs/{id}", get(logs::logs))
        .route("/leads/logs-and-comments/{id}", get(timeline::timeline))
        .route("/leads/comments/{id}", post(comment::comment))
        .route("/leads/comments/{id}", put(edit::edit))
        .route("/leads/comments/{id}", delete(delete::delete));
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

/// An entry of a timeline as the API shows it.
fn entry_json(entry: &Entry) -> Value {
    match entry {
        Entry::Log(log) => json!(log),
        Entry::Comment(comment) => {
            let mut body = comment_json(comment);
            body["action"] = json!(Action::CreateComment);
            body["entityType"] = json!(Action::CreateComment.entity_type());
            body
        }
    }
}
