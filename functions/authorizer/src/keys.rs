//! The issuer's JSON Web Key Set: fetched at cold start, cached for an hour, and fetched again for an unknown key id.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use shared::platform::tls;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::VerifierUnavailable;

/// How long a cached key set is used before it is fetched again.
const MAX_CACHE_AGE: Duration = Duration::from_secs(60 * 60);
/// Minimum time between two fetches of the key set, whatever key ids callers send.
const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(30);
/// Minimum time between two fetches while no keys are known, so that we recover soon after an outage of the issuer.
const MIN_FETCH_INTERVAL_WITHOUT_KEYS: Duration = Duration::from_secs(1);
/// Timeout of a fetch of the key set.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a cold start waits for the issuer's key set.
const COLD_START_FETCH_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum size of the issuer's key set, in bytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// A public key of the issuer, with the only algorithm that it may verify.
#[derive(Clone)]
pub(crate) struct VerificationKey {
    pub algorithm: Algorithm,
    pub decoding: DecodingKey,
}

#[derive(Default)]
struct KeySetCache {
    keys: HashMap<String, Arc<VerificationKey>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// The key set of an issuer, with its cache.
pub(crate) struct IssuerKeys {
    url: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    cache: Mutex<KeySetCache>,
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("url", &self.url).finish_non_exhaustive()
    }
}

impl IssuerKeys {
    /// Creates an empty cache for the key set at `url`. An `https` server must have a certificate from a public root or
    /// from `bundle` (PEM).
    pub(crate) fn new(url: String, bundle: Option<&[u8]>) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(bundle))
            .https_or_http()
            .enable_http1()
            .build();
        Self { url, client: Client::builder(TokioExecutor::new()).build(connector), cache: Mutex::default() }
    }

    /// Fetches the key set at cold start. If that fails, the request with the first token fetches the key set again.
    pub(crate) async fn prefetch(&self) {
        match timeout(COLD_START_FETCH_TIMEOUT, self.fetch_key_set()).await {
            Ok(Ok(keys)) => *self.cache.lock().await = KeySetCache { keys, fetched: Some(Instant::now()), tried: None },
            Ok(Err(cause)) => tracing::warn!(cause, "no keys at start"),
            Err(_) => tracing::warn!("no keys at start: no answer in time"),
        }
    }

    /// Finds the issuer's signing key with the key id `kid`. If the cached key set is old or lacks the key, fetches the
    /// key set first, at most once in the minimum interval. `None` if the cached key set still lacks the key.
    pub(crate) async fn find_or_fetch(&self, kid: &str) -> Result<Option<Arc<VerificationKey>>, VerifierUnavailable> {
        let mut cache = self.cache.lock().await;
        let fresh = cache.fetched.is_some_and(|at| at.elapsed() < MAX_CACHE_AGE);
        let pause = if cache.fetched.is_some() { MIN_FETCH_INTERVAL } else { MIN_FETCH_INTERVAL_WITHOUT_KEYS };
        let allowed = cache.tried.is_none_or(|at| at.elapsed() >= pause);
        if (!fresh || !cache.keys.contains_key(kid)) && allowed {
            cache.tried = Some(Instant::now());
            match self.fetch_key_set().await {
                Ok(keys) => {
                    cache.keys = keys;
                    cache.fetched = cache.tried;
                }
                // Keys that were fetched earlier stay in use, so that an outage of the issuer is not an outage of this
                // API.
                Err(cause) if cache.fetched.is_none() => return Err(VerifierUnavailable::from_issuer_failure(cause)),
                Err(cause) => tracing::warn!(cause, "keeping the keys that were fetched before"),
            }
        }
        if cache.fetched.is_none() {
            return Err(VerifierUnavailable::from_issuer_failure("it could not be a moment ago"));
        }
        Ok(cache.keys.get(kid).cloned())
    }

    async fn fetch_key_set(&self) -> Result<HashMap<String, Arc<VerificationKey>>, String> {
        let url = self.url.parse().map_err(|_| "not a URL".to_owned())?;
        let answer = async {
            let response = self.client.get(url).await.map_err(|e| e.to_string())?;
            if !response.status().is_success() {
                return Err(format!("status {}", response.status().as_u16()));
            }
            let body =
                Limited::new(response.into_body(), MAX_KEY_SET_BYTES).collect().await.map_err(|e| e.to_string())?;
            Ok(body.to_bytes())
        };
        let body = timeout(FETCH_TIMEOUT, answer).await.map_err(|_| "no answer in time".to_owned())??;
        let set: JwkSet = serde_json::from_slice(&body).map_err(|_| "not a key set".to_owned())?;
        Ok(set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, Arc::new(verification_key(jwk)?))))
            .collect())
    }
}

/// Converts a JSON Web Key that verifies signatures with an allowed algorithm. `None` for any other key (RFC 7517,
/// sections 4.2 to 4.4).
fn verification_key(jwk: &Jwk) -> Option<VerificationKey> {
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|of| of.contains(&KeyOperations::Verify));
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    let named = match common.key_algorithm {
        None => true,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
        Some(_) => false,
    };
    (signs && verifies && named).then_some(())?;
    Some(VerificationKey { algorithm, decoding: DecodingKey::from_jwk(jwk).ok()? })
}
