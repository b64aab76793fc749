//! Answers that a repeated request gets again (`Idempotency-Key`, spec section 2).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A response that can be stored and given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
    /// The `ETag`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: &Value) -> Self {
        Self { status: 200, body: body.to_string(), etag: None }
    }

    /// 201 with this body.
    pub fn created(body: &Value) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    /// Adds the `ETag` of a version.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        Self { etag: Some(format!("\"{version}\"")), ..self }
    }
}

/// A request that is to happen once, however often it is sent within 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The key, hashed.
    pub key: String,
    /// The route and the body, hashed: the same key with another one is a mistake.
    pub request: String,
}

impl Once {
    /// `key` as sent in `Idempotency-Key`, for a request to `route` with `body`.
    pub fn new(key: &str, route: &str, body: &[u8]) -> Self {
        let hex = |hash: &[u8]| hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let request = Sha256::new().chain_update(route).chain_update("\n").chain_update(body).finalize();
        Self { key: hex(&Sha256::digest(key)), request: hex(&request) }
    }
}
