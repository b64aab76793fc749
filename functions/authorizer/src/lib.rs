//! The Lambda authorizer of the HTTP API: verifies a bearer token or an API key and returns the caller's context.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

mod api_keys;
mod claims;
mod keys;

use std::fmt;
use std::time::Instant;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use serde::Serialize;
use shared::domain::ApiKeySecret;
use shared::platform::config::{TokenIssuerConfig, TrustConfig};
use shared::platform::telemetry::{LOG_TARGET, as_millis_f64};

pub use api_keys::ApiKeyVerifier;
pub use claims::AuthorizerContext;

use keys::IssuerKeys;

/// Error: the issuer's keys or the table cannot be read, so the caller can be neither accepted nor refused.
#[derive(Debug)]
pub struct VerifierUnavailable(String);

impl VerifierUnavailable {
    fn from_issuer_failure(cause: impl fmt::Display) -> Self {
        Self(format!("the issuer's keys cannot be fetched: {cause}"))
    }

    fn from_table_failure(cause: impl fmt::Display) -> Self {
        Self(format!("API keys cannot be read: {cause}"))
    }
}

impl fmt::Display for VerifierUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for VerifierUnavailable {}

/// The authorizer's answer to API Gateway: the simple response of payload format 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerResponse {
    /// Whether the request is authorised. If not, API Gateway answers 403.
    pub is_authorized: bool,
    /// The caller, for the functions behind API Gateway. Absent if the request is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<AuthorizerContext>,
}

/// Verifies API keys, and the tokens of one issuer.
#[derive(Debug)]
pub struct Authorizer {
    config: TokenIssuerConfig,
    keys: IssuerKeys,
    api_keys: ApiKeyVerifier,
}

impl Authorizer {
    /// Creates an authorizer for the issuer of `config`. [`Authorizer::prefetch_keys`] fetches the issuer's keys;
    /// without it, the request with the first token does.
    pub fn new(config: TokenIssuerConfig, trust: &TrustConfig, api_keys: ApiKeyVerifier) -> Self {
        Self { keys: IssuerKeys::new(config.jwks_url.clone(), trust.bundle.as_deref()), config, api_keys }
    }

    /// Fetches the issuer's keys, and waits at most a second. If that fails, the request with the first token fetches
    /// them again.
    pub async fn prefetch_keys(&self) {
        self.keys.prefetch().await;
    }

    /// Decides whether a request is authorised. The caller does not learn the reason for a refusal. The log has the
    /// reason, but never the token.
    ///
    /// # Errors
    /// The issuer's keys or the table cannot be read. API Gateway then answers 500.
    pub async fn decide(
        &self,
        request: &ApiGatewayV2CustomAuthorizerV2Request,
    ) -> Result<AuthorizerResponse, VerifierUnavailable> {
        let started = Instant::now();
        let token = request.identity_source.iter().flatten().next().and_then(|header| bearer_token(header));
        let verified = match token {
            None => Err("not a bearer token"),
            Some(token) if token.starts_with(ApiKeySecret::SECRET_PREFIX) => {
                self.api_keys.verify_api_key_secret(token).await?
            }
            Some(token) => claims::verify_token(token, &self.config, &self.keys).await?,
        };
        let reason = verified.as_ref().err().copied().unwrap_or("verified");
        let caller = verified.as_ref().ok();
        tracing::info!(
            target: LOG_TARGET,
            requestId = request.request_context.request_id,
            route = request.route_key,
            team = caller.map(AuthorizerContext::team_id).unwrap_or_default(),
            user = caller.map(AuthorizerContext::user_id).unwrap_or_default(),
            key = caller.and_then(AuthorizerContext::api_key_id),
            ms = as_millis_f64(started.elapsed()),
            authorized = verified.is_ok(),
            reason,
            "authorization"
        );
        Ok(AuthorizerResponse { is_authorized: verified.is_ok(), context: verified.ok() })
    }
}

/// Extracts the token from the header value `Bearer TOKEN`. The case of the scheme does not matter (RFC 9110, section
/// 11.1). `None` for another scheme.
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
