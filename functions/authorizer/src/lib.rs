//! The Lambda authorizer of the HTTP API: verifies a bearer token or an API key and returns the caller's context.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

mod api_keys;
mod claims;
mod keys;

use std::fmt;
use std::time::Instant;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use serde::Serialize;
use shared::domain::Secret;
use shared::platform::config::{IssuerConfig, TrustConfig};
use shared::platform::telemetry::{LOG_TARGET, millis};

pub use api_keys::ApiKeys;
pub use claims::Context;

use keys::Keys;

/// Error: the issuer's keys or the table cannot be read, so the caller can be neither accepted nor refused.
#[derive(Debug)]
pub struct Unavailable(String);

impl Unavailable {
    fn issuer(cause: impl fmt::Display) -> Self {
        Self(format!("the issuer's keys cannot be fetched: {cause}"))
    }

    fn table(cause: impl fmt::Display) -> Self {
        Self(format!("API keys cannot be read: {cause}"))
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// The authorizer's answer to API Gateway: the simple response of payload format 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the request is authorised. If not, API Gateway answers 403.
    pub is_authorized: bool,
    /// The caller, for the functions behind API Gateway. Absent if the request is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

/// Verifies API keys, and the tokens of one issuer.
#[derive(Debug)]
pub struct Authorizer {
    config: IssuerConfig,
    keys: Keys,
    api_keys: ApiKeys,
}

impl Authorizer {
    /// Creates an authorizer for the issuer of `config`. [`Authorizer::start`] fetches the issuer's keys; without it,
    /// the request with the first token does.
    pub fn new(config: IssuerConfig, trust: &TrustConfig, api_keys: ApiKeys) -> Self {
        Self { keys: Keys::new(config.jwks_url.clone(), trust.bundle.as_deref()), config, api_keys }
    }

    /// Fetches the issuer's keys, and waits at most a second. If that fails, the request with the first token fetches
    /// them again.
    pub async fn start(&self) {
        self.keys.start().await;
    }

    /// Decides whether a request is authorised. The caller does not learn the reason for a refusal. The log has the
    /// reason, but never the token.
    ///
    /// # Errors
    /// The issuer's keys or the table cannot be read. API Gateway then answers 500.
    pub async fn decide(&self, request: &ApiGatewayV2CustomAuthorizerV2Request) -> Result<Decision, Unavailable> {
        let started = Instant::now();
        let token = request.identity_source.iter().flatten().next().and_then(|header| bearer(header));
        let verified = match token {
            None => Err("not a bearer token"),
            Some(token) if token.starts_with(Secret::PREFIX) => self.api_keys.verify(token).await?,
            Some(token) => claims::verify(token, &self.config, &self.keys).await?,
        };
        let reason = verified.as_ref().err().copied().unwrap_or("verified");
        let caller = verified.as_ref().ok();
        tracing::info!(
            target: LOG_TARGET,
            requestId = request.request_context.request_id,
            route = request.route_key,
            team = caller.map(Context::team).unwrap_or_default(),
            user = caller.map(Context::user).unwrap_or_default(),
            key = caller.and_then(Context::key),
            ms = millis(started.elapsed()),
            authorized = verified.is_ok(),
            reason,
            "authorization"
        );
        Ok(Decision { is_authorized: verified.is_ok(), context: verified.ok() })
    }
}

/// Extracts the token from the header value `Bearer TOKEN`. The case of the scheme does not matter (RFC 9110, section
/// 11.1). `None` for another scheme.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
