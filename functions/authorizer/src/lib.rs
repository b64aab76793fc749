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

/// The issuer or the table is out of reach, so that the caller can be neither accepted nor refused.
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

/// The simple response of payload format 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the request is authorised. If not, the gateway answers 403.
    pub is_authorized: bool,
    /// The caller. Absent after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

/// Verifies tokens of one issuer, and API keys.
#[derive(Debug)]
pub struct Authorizer {
    config: IssuerConfig,
    keys: Keys,
    api_keys: ApiKeys,
}

impl Authorizer {
    /// An authorizer for the issuer of `config`. The keys are fetched by [`Authorizer::start`], or for the first token.
    pub fn new(config: IssuerConfig, trust: &TrustConfig, api_keys: ApiKeys) -> Self {
        Self { keys: Keys::new(config.jwks_url.clone(), trust.bundle.as_deref()), config, api_keys }
    }

    /// Fetches the issuer's keys, for at most a second. After a failure the first token tries again.
    pub async fn start(&self) {
        self.keys.start().await;
    }

    /// Decides on a request. A refusal gives the caller no reason. The log has the reason, never the token.
    ///
    /// # Errors
    /// When the issuer's keys or the table cannot be read. The gateway then answers 500.
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

/// The token of `Bearer TOKEN`. The case of the scheme does not matter (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
