//! Who calls without a token: all that is known is where they call from.

use axum::extract::FromRequestParts;
use lambda_http::http::header;
use lambda_http::http::request::Parts;
use lambda_http::request::RequestContext;

use crate::error::Error;
use crate::model::Timestamp;

/// A caller whom no authorizer has seen.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The address that the gateway was called from.
    pub address: String,
    /// The origin of the page that calls, where a browser says so.
    pub origin: Option<String>,
    /// When the request arrived, to the millisecond.
    pub at: Timestamp,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let address = match parts.extensions.get() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let origin = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        Ok(Self {
            address: address.ok_or_else(|| Error::internal("the event names no address"))?,
            origin: origin.map(str::to_lowercase),
            at: Timestamp::from(jiff::Timestamp::now()),
        })
    }
}
