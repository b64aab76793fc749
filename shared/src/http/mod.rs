//! What axum needs once: who calls, what they sent, what they are told.

mod body;
mod caller;
mod compression;
mod headers;
mod json;
mod observe;
mod path;
mod query;
mod visitor;

use std::convert::Infallible;

use axum::Router;
use axum::response::{IntoResponse, Response};
use lambda_http::Adapter;
use lambda_http::http::{StatusCode, Uri, header};
use lambda_http::lambda_runtime::{LambdaEvent, service_fn};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service as _;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use body::{CanonicalBody, Content, Empty, Post, Valid, checked, is_json, parse};
pub use caller::{Caller, Create, Manage, Read, Write};
pub use headers::{IfMatch, IfNoneMatch};
pub use json::json;
pub use observe::ErrorPage;
pub use path::{PathParam, PathParams};
pub use query::{Page, Params};
pub use visitor::Visitor;

use crate::error::Error;
use crate::model::{Cursor, ErrorCode, Position, StoredResponse};
use crate::payload::{LARGEST, escaped_len};

/// 200 with this body as JSON.
#[derive(Clone, Debug)]
pub struct Json<T>(
    /// What it says.
    pub T,
);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::caused_by("writing a response", &error).into_response(),
        }
    }
}

/// Where a list is paged.
pub struct Paging<'a> {
    /// What its cursors are bound to.
    pub cursor: &'a Cursor,
    /// Whether there are more items behind these.
    pub more: bool,
}

impl Paging<'_> {
    /// The page of these items, each with its sort position, shorter when they would be too large to answer; and the cursor of
    /// the next page, where there is one.
    ///
    /// # Errors
    /// 500 when an item cannot be written as JSON.
    pub fn page<T: Serialize>(
        &self,
        items: impl IntoIterator<Item = (Position, T)>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let mut left = LARGEST;
        let (mut page, mut last, mut more) = (Vec::new(), None, self.more);
        for (position, item) in items {
            let json = serde_json::to_string(&item).map_err(|error| Error::caused_by("writing an item", &error))?;
            let size = escaped_len(&json) + 1;
            if size > left && !page.is_empty() {
                more = true;
                break;
            }
            left = left.saturating_sub(size);
            page.push(item);
            last = Some(position);
        }
        Ok((page, last.filter(|_| more).map(|last| self.cursor.encode(&last))))
    }
}

/// The documented answer of requests that return no data.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Done {
    /// What was done.
    pub message: &'static str,
    /// The same, as a sentence.
    pub description: &'static str,
}

impl IntoResponse for StoredResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Value::Null => status.into_response(),
            body => (status, Json(body)).into_response(),
        };
        if let Some(etag) = self.etag.and_then(|etag| etag.parse().ok()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

/// A function's router with what all of them have: unknown routes, the error envelope, the line in the log.
pub fn service(router: Router) -> Router {
    let unknown = || async { Error::not_found(ErrorCode::RouteNotFound, "Not found") };
    observed(router.fallback(unknown).method_not_allowed_fallback(unknown))
}

fn observed(router: Router) -> Router {
    router.layer(axum::middleware::from_fn(observe::observe))
}

/// Serves a function's router to Lambda until the environment ends.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::lambda_runtime::run(service_fn(move |event| answer(router.clone(), event))).await
}

/// Answers one event of the gateway. It passes on what a caller wrote into a URL, and a URL that is none would end the
/// process inside `lambda_http`.
///
/// # Errors
/// Never: whatever goes wrong is an answer.
pub async fn answer(
    router: Router,
    mut event: LambdaEvent<LambdaRequest>,
) -> Result<impl Serialize + use<>, Infallible> {
    let mut router = router;
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        let path = request.raw_path.as_deref().unwrap_or("/");
        let query = request.raw_query_string.as_deref().unwrap_or_default();
        if format!("{path}?{query}").parse::<Uri>().is_err() {
            (request.raw_path, request.raw_query_string) = (None, None);
            let malformed = || async {
                Error::bad_request(ErrorCode::MalformedUrl, "Malformed URL")
                    .describe("Percent-encode what is not ASCII.")
            };
            router = observed(Router::new().fallback(malformed));
        }
    }
    // A router is always ready, and the adapter cannot be held across an await.
    let answer = Adapter::from(router).call(event);
    answer.await
}
