//! Verifies tokens, and converts their claims to the authorizer context.

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use shared::domain::{ApiKey, NamedEnum as _, TeamId, TeamRole, UserId};
use shared::platform::config::TokenIssuerConfig;

use crate::VerifierUnavailable;
use crate::keys::IssuerKeys;

/// Allowed signature algorithms. All are asymmetric, so that a key that verifies tokens cannot sign them.
const ALLOWED_ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];

/// Maximum number of seconds by which the issuer's clock may be ahead of ours.
const MAX_CLOCK_AHEAD_SECONDS: u64 = 60;

#[derive(Deserialize)]
struct TokenClaims {
    /// A token whose `iss` is a list of issuers is refused. [`Validation`] checks the value.
    #[serde(rename = "iss")]
    _issuer: String,
    #[serde(rename = "custom:team_id")]
    team_id: String,
    #[serde(rename = "custom:team_role")]
    team_role: String,
    #[serde(rename = "custom:user_id")]
    user_id: UserIdClaim,
    #[serde(default)]
    email: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
}

/// The claim `custom:user_id`. Cognito writes custom attributes as text, other issuers may write a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum UserIdClaim {
    Number(u64),
    Text(String),
}

impl UserIdClaim {
    fn id(&self) -> Option<UserId> {
        match self {
            Self::Number(number) => UserId::new(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// The authorizer context: what API Gateway tells the functions about the caller.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerContext {
    team_id: String,
    role: String,
    /// Id of the user, as text because API Gateway passes large numbers on as floating point.
    user_id: String,
    email: String,
    first_name: String,
    last_name: String,
    /// Id of the API key. Absent if the caller sent a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<String>,
}

impl AuthorizerContext {
    /// The context of a caller with an API key: the user who created the key, with the role of the key.
    pub(crate) fn from_api_key(team: &TeamId, key: ApiKey) -> Self {
        Self {
            team_id: team.as_str().to_owned(),
            role: TeamRole::from(key.role).value_name().to_owned(),
            user_id: key.created_by.id.to_string(),
            email: key.created_by.email,
            first_name: key.created_by.first_name,
            last_name: key.created_by.last_name,
            key_id: Some(key.id.to_string()),
            key_name: Some(key.name),
        }
    }

    /// Id of the team.
    pub fn team_id(&self) -> &str {
        &self.team_id
    }

    /// Id of the user.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Id of the API key. `None` if the caller sent a token.
    pub fn api_key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

/// Verifies a token. The inner result is the caller's authorizer context, or the reason for which the token is refused.
pub(crate) async fn verify_token(
    token: &str,
    config: &TokenIssuerConfig,
    keys: &IssuerKeys,
) -> Result<Result<AuthorizerContext, &'static str>, VerifierUnavailable> {
    let Ok(header) = decode_header(token) else { return Ok(Err("not a token")) };
    if !ALLOWED_ALGORITHMS.contains(&header.alg) {
        return Ok(Err("algorithm not allowed"));
    }
    if header.crit.is_some() {
        return Ok(Err("critical extensions"));
    }
    let Some(kid) = header.kid else { return Ok(Err("no key id")) };
    let Some(key) = keys.find_or_fetch(&kid).await? else { return Ok(Err("unknown key")) };
    if key.algorithm != header.alg {
        return Ok(Err("not the key's algorithm"));
    }
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[&config.issuer]);
    validation.set_audience(&[&config.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    // The leeway applies to `nbf` only. For `exp`, `reject_tokens_expiring_in_less_than` cancels the leeway.
    validation.leeway = MAX_CLOCK_AHEAD_SECONDS;
    validation.reject_tokens_expiring_in_less_than = MAX_CLOCK_AHEAD_SECONDS;
    Ok(match decode::<TokenClaims>(token, &key.decoding, &validation) {
        Ok(token) => context_from_claims(token.claims),
        Err(_) => Err("does not verify"),
    })
}

fn context_from_claims(claims: TokenClaims) -> Result<AuthorizerContext, &'static str> {
    claims.team_id.parse::<TeamId>().map_err(|()| "no team")?;
    let role = claims.team_role.parse::<TeamRole>();
    // A token with the role `Sender` is refused: only API keys have this role.
    role.ok().filter(|role| *role != TeamRole::Sender).ok_or("no role")?;
    Ok(AuthorizerContext {
        user_id: claims.user_id.id().ok_or("no user id")?.to_string(),
        team_id: claims.team_id,
        role: claims.team_role,
        email: claims.email,
        first_name: claims.given_name,
        last_name: claims.family_name,
        key_id: None,
        key_name: None,
    })
}
