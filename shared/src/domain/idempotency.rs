//! Identities of repeated requests (`Idempotency-Key`).

use sha2::{Digest, Sha256};

use super::hex;

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
        let request = Sha256::new().chain_update(route).chain_update("\n").chain_update(canonical).finalize();
        Self { key: hex(&Sha256::digest(key)[..16]), request: hex(&request[..16]) }
    }

    /// The identity of a request without a caller. The body is part of the key, so that visitors who choose the same
    /// key do not share an answer.
    #[must_use]
    pub fn of_anyone(self) -> Self {
        Self { key: format!("{}{}", self.key, self.request), ..self }
    }
}
