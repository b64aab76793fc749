//! The HTTP layer that the functions behind API Gateway share: extractors, responses, error bodies, and the Lambda
//! entry point.

mod bodies;
mod body;
mod caller;
mod compression;
mod conditional_requests;
mod csv;
mod cursor;
mod error_response;
mod filter_params;
mod input;
mod json;
mod media_type;
mod observe;
mod path;
mod photo_urls;
mod query;
mod responses;
mod visitor;

use std::convert::Infallible;

use axum::Router;
use axum::response::{IntoResponse, Response};
use lambda_http::Adapter;
use lambda_http::http::{Uri, header};
use lambda_http::lambda_runtime::{LambdaEvent, service_fn};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;

pub use bodies::batch::LeadRowBody;
pub use bodies::lead::{LeadIds, LeadPatchBody, LeadPutBody, StatusChange};
pub use body::{CanonicalBody, EmptyBody, FromBody, IdempotentJson, ValidJson, parse_json_body, validate_json_body};
pub use caller::{Caller, Create, Manage, Read, Write};
pub use conditional_requests::{IfMatch, IfNoneMatch};
pub use csv::{CSV_COLUMNS, lead_to_csv_cells};
pub use cursor::CursorCodec;
pub use error_response::{ErrorBody, http_status};
pub use filter_params::FilterParams;
pub use input::body_reader::{
    ArrayField, ArrayItem, BodyReader, FieldPresence, JsonObject, MapChange, MapField, ObjectReader, RequestBody,
    dotted_field_mut,
};
pub use input::json_body::JsonBody;
pub use input::query_param::{BooleanParam, DayParam, LimitParam, MAX_FILTER_VALUES, QueryParam, text_query_param};
pub use input::query_reader::{FromQuery, QueryReader};
pub use input::query_string::QueryStringReader;
pub use input::validator::{
    DescribedValidator, EnumNameValidator, PositiveIntegerValidator, Validator, enum_name_validator,
    positive_integer_validator,
};
pub use json::parse_json;
pub use media_type::{MultipartPart, is_json, media_type, read_multipart_parts};
pub use observe::ErrorPageRenderer;
pub use path::{InvalidPathId, LastPathParam, PathExternalId, PathId, PathLeadKey};
pub use query::{PageParams, ValidQuery};
pub use responses::batch::BatchResponse;
pub use responses::event::{Event, Ping};
pub use responses::lead::{LeadResponse, LeadSummaryResponse};
pub use visitor::Visitor;

use crate::domain::error::Error;
use crate::domain::{ErrorCode, SortPosition};
use crate::platform::response_size::{MAX_RESPONSE_BYTES, json_escaped_len};

/// Response with status 200 and a JSON body.
#[derive(Clone, Debug)]
pub struct Json<T>(
    /// Value that is serialised as the body.
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

/// Builds a page of a list and the cursor of the next page.
pub struct PageBuilder<'a> {
    /// Encoder for the cursors of the list.
    pub cursor: &'a CursorCodec,
    /// Whether the list continues after the items that [`PageBuilder::build_page`] receives.
    pub more: bool,
}

impl PageBuilder<'_> {
    /// Returns the items of the page, and the cursor of the next page if the list continues. Items at the end are left
    /// for the next page if the response would exceed [`MAX_RESPONSE_BYTES`].
    ///
    /// # Errors
    /// 500 when an item cannot be serialised as JSON.
    pub fn build_page<T: Serialize>(
        &self,
        items: impl IntoIterator<Item = (SortPosition, T)>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let mut left = MAX_RESPONSE_BYTES;
        let (mut page, mut last, mut more) = (Vec::new(), None, self.more);
        for (position, item) in items {
            let json = serde_json::to_string(&item).map_err(|error| Error::caused_by("writing an item", &error))?;
            let size = json_escaped_len(&json) + 1;
            if size > left && !page.is_empty() {
                more = true;
                break;
            }
            left = left.saturating_sub(size);
            page.push(item);
            last = Some(position);
        }
        Ok((page, last.filter(|_| more).map(|last| self.cursor.encode_cursor(&last))))
    }
}

/// Confirms a request that returns no data.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Confirmation {
    /// What was done, as a title.
    pub message: &'static str,
    /// What was done, as a sentence.
    pub description: &'static str,
}

/// Adds to a function's router what all functions behind API Gateway share: a 404 for unknown routes, error bodies, and
/// the log line of each request.
pub fn with_error_handling_and_log(router: Router) -> Router {
    let unknown = || async { Error::not_found(ErrorCode::RouteNotFound, "Not found") };
    with_observe_layer(router.fallback(unknown).method_not_allowed_fallback(unknown))
}

fn with_observe_layer(router: Router) -> Router {
    router.layer(axum::middleware::from_fn(observe::log_and_compress))
}

/// Answers the Lambda events of a function with `router`, until Lambda ends the execution environment.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached.
pub async fn serve_lambda(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::lambda_runtime::run(service_fn(move |event| handle_gateway_event(router.clone(), event))).await
}

/// Characters of a path that are percent-encoded: all but those that RFC 3986, section 3.3, allows in a path.
const ENCODED_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Answers one event of API Gateway. An HTTP API decodes the path of a URL before it passes the path on, so the path is
/// encoded again: `lambda_http` would misread a decoded `?`, `#` or `%`. The query string is passed on as the client
/// sent it. A malformed one would panic inside `lambda_http`, so it is removed from the event and answered with 400.
///
/// # Errors
/// Never: every failure becomes a response.
pub async fn handle_gateway_event(
    router: Router,
    mut event: LambdaEvent<LambdaRequest>,
) -> Result<impl Serialize + use<>, Infallible> {
    let mut router = router;
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        let path = utf8_percent_encode(request.raw_path.as_deref().unwrap_or("/"), ENCODED_IN_PATH).to_string();
        request.raw_path = Some(path.clone());
        let query = request.raw_query_string.as_deref().unwrap_or_default();
        if format!("{path}?{query}").parse::<Uri>().is_err() {
            (request.raw_path, request.raw_query_string) = (None, None);
            let malformed = || async {
                Error::bad_request(ErrorCode::MalformedUrl, "Malformed URL")
                    .with_description("Percent-encode what is not ASCII.")
            };
            router = with_observe_layer(Router::new().fallback(malformed));
        }
    }
    // `poll_ready` is not called, because an axum router is always ready.
    let answer = Adapter::from(router).call(event);
    answer.await
}
