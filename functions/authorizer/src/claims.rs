//! What a token must say (spec section 1).

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use shared::config::IssuerConfig;
use shared::model::{Role, TeamId};

use crate::keys::{Keys, Unreachable};

/// Asymmetric alone: a key that verifies must not be able to sign.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "custom:team_id")]
    team_id: String,
    #[serde(rename = "custom:team_role")]
    team_role: String,
    #[serde(rename = "custom:user_id")]
    user_id: UserId,
    #[serde(default)]
    email: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
}

/// Cognito writes custom attributes as text, other issuers as they were given.
#[derive(Deserialize)]
#[serde(untagged)]
enum UserId {
    Number(u64),
    Text(String),
}

impl UserId {
    fn positive(&self) -> Option<u64> {
        let id = match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        };
        id.filter(|id| *id > 0)
    }
}

/// The authorizer's context: what the functions know of a caller.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    team_id: String,
    role: String,
    user_id: u64,
    email: String,
    first_name: String,
    last_name: String,
}

impl Context {
    /// The caller's team.
    pub fn team(&self) -> &str {
        &self.team_id
    }

    /// The caller's id.
    pub fn user(&self) -> u64 {
        self.user_id
    }
}

/// The context of a token, or why it is refused.
pub(crate) async fn verify(
    token: &str,
    config: &IssuerConfig,
    keys: &Keys,
) -> Result<Result<Context, &'static str>, Unreachable> {
    let Ok(header) = decode_header(token) else { return Ok(Err("not a token")) };
    if !ALGORITHMS.contains(&header.alg) {
        return Ok(Err("algorithm not allowed"));
    }
    let Some(kid) = header.kid else { return Ok(Err("no key id")) };
    let Some(key) = keys.find(&kid).await? else { return Ok(Err("unknown key")) };
    if key.algorithm != header.alg {
        return Ok(Err("not the key's algorithm"));
    }
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[&config.issuer]);
    validation.set_audience(&[&config.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    Ok(match decode::<Claims>(token, &key.decoding, &validation) {
        Ok(token) => context(token.claims),
        Err(_) => Err("does not verify"),
    })
}

fn context(claims: Claims) -> Result<Context, &'static str> {
    claims.team_id.parse::<TeamId>().map_err(|()| "no team")?;
    claims.team_role.parse::<Role>().map_err(|()| "no role")?;
    Ok(Context {
        user_id: claims.user_id.positive().ok_or("no user id")?,
        team_id: claims.team_id,
        role: claims.team_role,
        email: claims.email,
        first_name: claims.given_name,
        last_name: claims.family_name,
    })
}
