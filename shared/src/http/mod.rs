//! What axum needs once: who calls, what they sent, what they are told.

mod body;
mod caller;
mod headers;
mod observe;
mod path;
mod query;

use axum::Router;
use axum::response::{IntoResponse, Response};
use lambda_http::http::{StatusCode, header};
use serde_json::Value;

pub use body::{Content, Post, Valid, is_json, parse};
pub use caller::{Caller, Manage, Read, Write};
pub use headers::IfMatch;
pub use path::Segment;
pub use query::{Page, Params};

use crate::error::Error;
use crate::model::{Answer, Cursor, Position};

/// A JSON response.
pub fn json(value: &Value) -> Response {
    Answer::ok(value).into_response()
}

/// A page of a list; `nextCursor` when there are more.
pub fn paged(mut body: Value, cursor: &Cursor, next: Option<&Position>) -> Response {
    if let Some(next) = next {
        body["nextCursor"] = serde_json::json!(cursor.encode(next));
    }
    json(&body)
}

/// The documented answer of requests that return no data.
pub fn done(message: &str, description: &str) -> Value {
    serde_json::json!({ "message": message, "description": description })
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response();
        if let Some(etag) = self.etag.and_then(|etag| etag.parse().ok()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

/// A function's router with what all of them have: unknown routes, the error envelope, the line in the log.
pub fn service(router: Router) -> Router {
    let unknown = || async { Error::not_found("Not found") };
    router.fallback(unknown).method_not_allowed_fallback(unknown).layer(axum::middleware::from_fn(observe::observe))
}

/// Serves a function's router to Lambda until the environment ends.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(router).await
}
