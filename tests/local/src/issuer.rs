//! A local OIDC issuer that signs tokens with any requested claims, with a key of its own.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::identity::TokenIdentity;

/// Audience (`aud`) of every token, and id of the only OAuth client.
pub(crate) const TOKEN_AUDIENCE: &str = "leads-api";
const KEY_ID: &str = "local-1";

/// A local token issuer with its URL and keys.
pub struct TokenIssuer {
    url: String,
    key: EncodingKey,
    jwks: Value,
}

impl TokenIssuer {
    /// Creates an issuer with this URL. The signing key is stored in the folder `data`, so that tokens stay valid after
    /// a restart.
    pub fn load_or_create(url: String, data: Option<&Path>) -> Result<Self> {
        let file = data.map(|folder| folder.join("issuer.pkcs8"));
        let kept = file.as_ref().filter(|file| file.exists()).map(std::fs::read).transpose()?;
        let random = SystemRandom::new();
        let pkcs8 = match kept {
            Some(kept) => kept,
            None => {
                let new = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
                new.map_err(|_| anyhow!("no key could be made"))?.as_ref().to_vec()
            }
        };
        if let Some(file) = file {
            std::fs::write(file, &pkcs8)?;
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random);
        let pair = pair.map_err(|e| anyhow!("the issuer's key: {e}"))?;
        // The public key is an uncompressed point: a byte 4, then x and y of 32 bytes each.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwks = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] });
        Ok(Self { url, key: EncodingKey::from_ec_der(&pkcs8), jwks })
    }

    /// The issuer's URL, which is the claim `iss` of every token.
    pub fn issuer_url(&self) -> &str {
        &self.url
    }

    /// The public key that verifies tokens, as a JSON Web Key Set.
    pub fn json_web_key_set(&self) -> &Value {
        &self.jwks
    }

    /// Signs a token with the claims of `identity`.
    pub fn sign_token(&self, identity: &TokenIdentity) -> Result<String> {
        self.sign_id_token(identity, None)
    }

    /// Signs a token with the claims of `identity` and the `nonce` of a sign-in, if there is one.
    pub(crate) fn sign_id_token(&self, identity: &TokenIdentity, nonce: Option<&str>) -> Result<String> {
        let now = Timestamp::now().as_second();
        let header = Header { kid: Some(KEY_ID.into()), ..Header::new(Algorithm::ES256) };
        let mut claims = json!({
            "iss": self.url,
            "aud": TOKEN_AUDIENCE,
            "sub": format!("user-{}", identity.user_id),
            "iat": now,
            "exp": now + identity.expires_in,
            "custom:team_id": identity.team,
            "custom:team_role": identity.role,
            "custom:user_id": identity.user_id.to_string(),
            "email": identity.email,
            "given_name": identity.first_name,
            "family_name": identity.last_name,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        jsonwebtoken::encode(&header, &claims, &self.key).context("signing a token")
    }
}
