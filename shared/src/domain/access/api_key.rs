//! API keys, which programs send in place of a token.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{IntoStaticStr, VariantArray};
use subtle::ConstantTimeEq as _;

use crate::domain::{ApiKeyId, TeamId, TeamRole, Timestamp, User};

/// The role of an API key. A key never has the rights of an Owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
pub enum ApiKeyRole {
    /// Reads everything; changes leads, comments and photos.
    Manager,
    /// Reads everything and changes nothing.
    Viewer,
    /// Creates leads and reads nothing.
    Sender,
}

impl From<ApiKeyRole> for TeamRole {
    fn from(role: ApiKeyRole) -> Self {
        match role {
            ApiKeyRole::Manager => Self::Manager,
            ApiKeyRole::Viewer => Self::Viewer,
            ApiKeyRole::Sender => Self::Sender,
        }
    }
}

/// An API key. Of its secret, only a hash and the last four characters are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Id of the key, sequential in the team.
    pub id: ApiKeyId,
    /// Name of the key, 1-100 characters.
    pub name: String,
    /// Role of the key.
    pub role: ApiKeyRole,
    /// The last four characters of the secret.
    pub hint: String,
    /// SHA-256 of the secret, see [`ApiKeySecret::sha256`].
    pub hash: String,
    /// The user who created the key. The log names this user beside the key.
    pub created_by: User,
    /// Time at which the API key was created.
    pub created_at: Timestamp,
    /// Time at which the API key expires. `None` if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Day (UTC) on which the key was last used. `None` if it was never used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_on: Option<Date>,
}

impl ApiKey {
    /// Maximum number of keys of a team.
    pub const MAX_API_KEYS_PER_TEAM: u64 = 50;

    /// Creates an API key that stores the hash and the last four characters of `secret`.
    pub fn new(
        id: ApiKeyId,
        input: &ApiKeyInput,
        secret: &ApiKeySecret,
        created_by: &User,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            name: input.name.clone(),
            role: input.role,
            hint: secret.last_four_chars(),
            hash: secret.sha256(),
            created_by: created_by.clone(),
            created_at,
            expires_at: input.expires_at,
            last_used_on: None,
        }
    }

    /// Whether `secret` is the secret of this key and the key has not expired. The hashes are compared in constant
    /// time.
    pub fn accepts_secret(&self, secret: &ApiKeySecret, now: Timestamp) -> bool {
        let is_it = bool::from(self.hash.as_bytes().ct_eq(secret.sha256().as_bytes()));
        is_it && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// The body of `POST /keys`.
#[derive(Clone, Debug)]
pub struct ApiKeyInput {
    /// Name of the new key, see [`ApiKey::name`].
    pub name: String,
    /// Role of the new key, see [`ApiKey::role`].
    pub role: ApiKeyRole,
    /// Expiry of the new key, see [`ApiKey::expires_at`].
    pub expires_at: Option<Timestamp>,
}

impl ApiKeyInput {
    /// Text of `message` in the 400 response that names the bad fields of an API key.
    pub const INVALID_API_KEY_MESSAGE: &'static str = "Invalid API key data";
}

/// The secret of an API key, for example `lk_acme.3.h1Xv...`: team, id of the key and 256 random bits. The type has
/// neither `Debug` nor `Display`, so that no log can print a secret.
#[derive(Clone)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// Prefix of every API key's secret. No JSON Web Token starts with `lk_`.
    pub const SECRET_PREFIX: &'static str = "lk_";

    /// Builds the secret of an API key from `random`, which must be unpredictable.
    pub fn new(team: &TeamId, id: ApiKeyId, random: [u8; 32]) -> Self {
        Self(format!("{}{}.{id}.{}", Self::SECRET_PREFIX, team.as_str(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// Parses the text of a secret. Returns the secret, and the team and id of its API key. `None` for text of another
    /// format.
    pub fn parse(text: &str) -> Option<(Self, TeamId, ApiKeyId)> {
        let (team, id) = parse_team_and_id(Self::SECRET_PREFIX, text)?;
        Some((Self(text.to_owned()), team, id))
    }

    /// The secret as text, for the response that shows it to the caller once.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the whole secret, in URL-safe Base64. A slow hash is unnecessary for 256 random bits.
    pub fn sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.0))
    }

    fn last_four_chars(&self) -> String {
        let end = self.0.len().saturating_sub(4);
        self.0.get(end..).unwrap_or_default().to_owned()
    }
}

/// Reads team and id from a text of the form `<prefix><team>.<id>.<random>`.
pub(in crate::domain) fn parse_team_and_id<I: FromStr>(prefix: &str, text: &str) -> Option<(TeamId, I)> {
    let (team, rest) = text.strip_prefix(prefix)?.split_once('.')?;
    let (id, _) = rest.split_once('.')?;
    Some((team.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_contains_its_team_and_key_id() {
        let team: TeamId = "Team_1-x".parse().unwrap_or_else(|()| unreachable!());
        let id = ApiKeyId::new(7).unwrap_or_else(|| unreachable!());
        let secret = ApiKeySecret::new(&team, id, [0xff; 32]);
        assert_eq!(secret.expose_secret(), "lk_Team_1-x.7.__________________________________________8");
        let (read, of, named) = ApiKeySecret::parse(secret.expose_secret()).unwrap_or_else(|| unreachable!());
        assert_eq!((read.sha256(), of, named), (secret.sha256(), team, id));
        for none in ["", "lk_", "lk_team", "lk_team.7", "lk_a#b.7.x", "lk_team.0.x", "lk_team.07.x", "eyJh.7.x"] {
            assert!(ApiKeySecret::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn hashes_differ_by_team_and_id() {
        let of = |text: &str| ApiKeySecret(text.to_owned()).sha256();
        assert_ne!(of("lk_a.1.x"), of("lk_b.1.x"));
        assert_ne!(of("lk_a.1.x"), of("lk_a.2.x"));
    }
}
