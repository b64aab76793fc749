//! Extractors of bodies. One answer names every bad field.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use lambda_http::http::HeaderMap;
use serde_json::Value;

use super::json::json;
use super::media_type::is_json;
use super::query;
use crate::api::{JsonBody, RequestBody};
use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError, IdempotencyKey};

/// A type that is read from a body, with the media types that it accepts.
pub trait Content: Sized {
    /// Maximum size of the body, in bytes.
    const MAX_BODY_BYTES: usize;
    /// Whether query parameters are ignored. Otherwise they are refused with 400.
    const IGNORES_QUERY: bool = false;

    /// Reads a body of at most [`Content::MAX_BODY_BYTES`] bytes. With `keyed`, also returns its canonical form.
    ///
    /// # Errors
    /// 415 for another media type, 400 naming every bad field.
    fn read(
        headers: &HeaderMap,
        body: Bytes,
        keyed: bool,
    ) -> impl Future<Output = Result<(Self, Option<CanonicalBody>), Error>> + Send;
}

/// Canonical form of a body: equal for bodies with the same content, whatever their layout. `Idempotency-Key` compares
/// it.
pub struct CanonicalBody(Vec<u8>);

impl CanonicalBody {
    /// The canonical form with this content.
    pub fn new(says: impl Into<Vec<u8>>) -> Self {
        Self(says.into())
    }

    /// The canonical form of a JSON body: compact, with the fields of each object sorted by name.
    fn of(mut value: Value) -> Self {
        value.sort_all_objects();
        Self::new(value.to_string())
    }
}

/// JSON.
impl<T: RequestBody> Content for T {
    const MAX_BODY_BYTES: usize = <T as RequestBody>::MAX_BODY_BYTES;

    async fn read(headers: &HeaderMap, body: Bytes, keyed: bool) -> Result<(Self, Option<CanonicalBody>), Error> {
        if !is_json(headers) {
            return Err(Error::unsupported_media_type("application/json"));
        }
        checked(json(&body)?, keyed)
    }
}

/// An empty body, or an empty object. For a POST whose path says everything.
#[derive(Clone, Copy, Debug)]
pub struct Empty;

impl Content for Empty {
    const MAX_BODY_BYTES: usize = 1024;

    async fn read(_: &HeaderMap, body: Bytes, _: bool) -> Result<(Self, Option<CanonicalBody>), Error> {
        if body.is_empty() || json(&body).is_ok_and(|value| value.as_object().is_some_and(|object| object.is_empty())) {
            return Ok((Self, Some(CanonicalBody::new(Vec::new()))));
        }
        Err(Error::invalid(
            "Invalid request",
            vec![FieldError::new("body", ErrorCode::InvalidValue.fault("must be empty"))],
        ))
    }
}

/// A valid body. For endpoints without query parameters.
///
/// # Errors
/// 400 naming every bad field, 400 for malformed JSON or for a query parameter, 413, 415.
#[derive(Clone, Debug)]
pub struct ValidJson<T>(
    /// The parsed and validated body.
    pub T,
);

/// A valid body of a POST, with the identity of its `Idempotency-Key` if it was sent.
///
/// # Errors
/// Those of [`ValidJson`], and 400 for a key that is not 1-255 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotentJson<T> {
    /// The parsed and validated body.
    pub body: T,
    /// Identity of a request that is to take effect once.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<S: Sync, T: Content> FromRequest<S> for ValidJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        query::parse::<()>(&parts)?;
        T::read(&parts.headers, whole(body, T::MAX_BODY_BYTES).await?, false).await.map(|(body, _)| Self(body))
    }
}

impl<S: Sync, T: Content> FromRequest<S> for IdempotentJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        if !T::IGNORES_QUERY {
            query::parse::<()>(&parts)?;
        }
        let route = format!("{} {}", parts.method, parts.uri.path());
        let bytes = whole(body, T::MAX_BODY_BYTES).await?;
        let key = idempotency_key(&parts.headers)?;
        let (body, canonical) = T::read(&parts.headers, bytes, key.is_some()).await?;
        let idempotency_key = key.zip(canonical).map(|(key, canonical)| IdempotencyKey::new(key, &route, &canonical.0));
        Ok(Self { body, idempotency_key })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let invalid = || {
        Error::bad_request(ErrorCode::InvalidIdempotencyKey, "Invalid Idempotency-Key")
            .describe("It must be 1-255 visible ASCII characters.")
    };
    key.map(Some).ok_or_else(invalid)
}

async fn whole(body: Body, limit: usize) -> Result<Bytes, Error> {
    // The event has the whole body, so reading can only fail because of its length.
    to_bytes(body, limit).await.map_err(|_| Error::too_large(limit))
}

/// Reads a JSON body.
///
/// # Errors
/// 400 naming every bad field, or the place of a syntax error.
pub fn parse<T: RequestBody>(bytes: &[u8]) -> Result<T, Error> {
    checked(json(bytes)?, false).map(|(input, _)| input)
}

/// Reads a JSON value, with `keyed` also its canonical form.
///
/// # Errors
/// 400 naming every bad field.
pub fn checked<T: RequestBody>(value: Value, keyed: bool) -> Result<(T, Option<CanonicalBody>), Error> {
    let canonical = keyed.then(|| CanonicalBody::of(value.clone()));
    let mut errors = Vec::new();
    match T::read(JsonBody { value, errors: &mut errors }) {
        Some(input) if errors.is_empty() => Ok((input, canonical)),
        _ => Err(Error::invalid(T::INVALID, errors)),
    }
}
