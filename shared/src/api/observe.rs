//! Middleware of the functions behind API Gateway: the only place that renders error responses and writes the log line
//! of a request.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lambda_http::RequestExt as _;
use lambda_http::http::{HeaderValue, header};
use lambda_http::request::RequestContext;

use super::Json;
use super::caller::authorizer_field;
use super::compression::{accepts_gzip, compress_json_response};
use super::error_response::{ErrorBody, http_status};
use crate::domain::error::Error;
use crate::platform::consumed_capacity::measure_cost;
use crate::platform::deadline;
use crate::platform::telemetry;

/// Puts the error into the extensions of an empty response. The middleware `observe` renders the error later, because
/// only `observe` knows the request id.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = http_status(&self).into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Response extension: makes the middleware render an error as an HTML page instead of JSON, for a browser that posts a
/// form without a script.
#[derive(Clone, Copy)]
pub struct ErrorPageRenderer(
    /// Renders an error as an HTML page, in place of the JSON body, with the same HTTP status.
    pub fn(&Error) -> Response,
);

/// Fields of a request that the log line of the request contains.
#[derive(Default)]
struct RequestLogFields {
    id: String,
    route: String,
    team: String,
    user: String,
    key: String,
}

impl RequestLogFields {
    fn of(request: &Request) -> Self {
        let context = request.extensions().get::<RequestContext>();
        let Some(RequestContext::ApiGatewayV2(context)) = context else {
            return Self::default();
        };
        Self {
            id: context.request_id.clone().unwrap_or_default(),
            route: context.route_key.clone().unwrap_or_default(),
            team: authorizer_field(context, "teamId").unwrap_or_default(),
            user: authorizer_field(context, "userId").unwrap_or_default(),
            key: authorizer_field(context, "keyName").unwrap_or_default(),
        }
    }
}

pub(super) async fn log_and_compress(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let about = RequestLogFields::of(&request);
    let accepts_gzip = accepts_gzip(request.headers());
    let deadline = deadline::of_invocation(request.lambda_context_ref());
    let (mut response, cost) = measure_cost(deadline::run_with_deadline(deadline, next.run(request))).await;
    let error = response.extensions_mut().remove::<Arc<Error>>();
    if let Some(error) = &error {
        response = match response.extensions().get::<ErrorPageRenderer>() {
            Some(ErrorPageRenderer(page)) => page(error),
            None => (http_status(error), Json(ErrorBody::of(error, &about.id))).into_response(),
        };
        if let Some(seconds) = error.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }
    if accepts_gzip {
        response = compress_json_response(response).await;
    }
    // Sets `no-store` unless the endpoint has set `Cache-Control`.
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    ] {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let line = telemetry::RequestLogLine {
        id: &about.id,
        route: &about.route,
        team: &about.team,
        user: &about.user,
        key: &about.key,
        status: response.status().as_u16(),
        took: started.elapsed(),
        cost,
        error: error.as_deref().and_then(Error::cause),
    };
    line.write_log_line();
    response
}
