//! Stored answers for repeated requests (`Idempotency-Key`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Lead, Team};

/// A response that can be stored and repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `null` is none.
    #[serde(with = "as_text")]
    pub body: Value,
    /// The `ETag` header. `None` for an answer without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl StoredResponse {
    /// 200 with this body.
    pub fn ok(body: impl Serialize) -> Self {
        Self { status: 200, body: json!(body), etag: None }
    }

    /// 201 with this body.
    pub fn created(body: impl Serialize) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    /// 202 with this body.
    pub fn accepted(body: impl Serialize) -> Self {
        Self { status: 202, ..Self::ok(body) }
    }

    /// Replaces the answer by 304: the caller has it already.
    #[must_use]
    pub fn not_modified(self) -> Self {
        Self { status: 304, body: Value::Null, ..self }
    }

    /// Adds the `ETag` of a lead: its version and its team's version, because the answer shows the team's names.
    #[must_use]
    pub fn version(self, lead: &Lead, team: &Team) -> Self {
        Self { etag: Some(format!("\"{}-{}\"", lead.version, team.version)), ..self }
    }

    /// Appends `part` to the `ETag`: the version of something that the body shows beside lead and team, such as a
    /// photo's URL.
    pub fn tag(&mut self, part: u64) {
        self.etag = self.etag.take().map(|tag| format!("{}-{part}\"", tag.trim_end_matches('"')));
    }
}

/// Stores a body as text, because DynamoDB never has to look into it.
mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(body: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(body)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Identity of a request that takes effect once within 24 hours, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Hash of the key.
    pub key: String,
    /// Hash of route and canonical body. The same key with another hash is refused.
    pub request: String,
}

impl IdempotencyKey {
    /// Builds the identity from the header's `key`, the route and the canonical body.
    pub fn new(key: &str, route: &str, canonical: &[u8]) -> Self {
        let hex = |hash: &[u8]| hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let request = Sha256::new().chain_update(route).chain_update("\n").chain_update(canonical).finalize();
        Self { key: hex(&Sha256::digest(key)), request: hex(&request) }
    }

    /// The identity of a request without a caller. The body is part of the key, so that visitors who choose the same
    /// key do not share an answer.
    #[must_use]
    pub fn of_anyone(self) -> Self {
        Self { key: format!("{}{}", self.key, self.request), ..self }
    }
}
