//! Recognition of repeated requests by their `Idempotency-Key` header.

use sha2::{Digest, Sha256};

use super::to_hex;

/// Identity of a request that takes effect once within 24 hours, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Hash of the `Idempotency-Key` header.
    pub key: String,
    /// Hash of the route and the canonical body. A request with the same key and another hash is refused.
    pub request: String,
}

impl IdempotencyKey {
    /// Builds the identity from the header's `key`, the route and the canonical body.
    pub fn new(key: &str, route: &str, canonical: &[u8]) -> Self {
        let request = Sha256::new().chain_update(route).chain_update("\n").chain_update(canonical).finalize();
        Self { key: to_hex(&Sha256::digest(key)[..16]), request: to_hex(&request[..16]) }
    }

    /// Adds the hash of route and body to the key, for requests without an authenticated caller: visitors who happen to
    /// choose the same key do not receive each other's answers.
    #[must_use]
    pub fn for_anonymous_caller(self) -> Self {
        Self { key: format!("{}{}", self.key, self.request), ..self }
    }
}
