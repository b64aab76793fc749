//! Axum extractors for request bodies. One 400 response names every bad field.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use lambda_http::http::HeaderMap;
use serde_json::Value;

use super::json::parse_json;
use super::media_type::is_json;
use super::query;
use crate::api::{JsonBody, RequestBody};
use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError, IdempotencyKey};

/// A type that the extractors can read from a request body. Each type defines the media types of its body.
pub trait FromBody: Sized {
    /// Maximum size of the body, in bytes.
    const MAX_BODY_BYTES: usize;
    /// Whether [`IdempotentJson`] ignores query parameters. If `false`, a request with any query parameter is refused
    /// with 400.
    const IGNORES_QUERY_STRING: bool = false;

    /// Reads a body of at most [`FromBody::MAX_BODY_BYTES`] bytes. `keyed` means that the request has an
    /// `Idempotency-Key`: then the body's canonical form is returned too. Without a canonical form, the key is ignored.
    ///
    /// # Errors
    /// 415 for a media type that the endpoint does not accept, 400 naming every bad field.
    fn read_from_body(
        headers: &HeaderMap,
        body: Bytes,
        keyed: bool,
    ) -> impl Future<Output = Result<(Self, Option<CanonicalBody>), Error>> + Send;
}

/// Canonical form of a request body. Bodies with the same content have the same canonical form, whatever their
/// formatting. A request that repeats an `Idempotency-Key` with a different canonical form is refused.
pub struct CanonicalBody(Vec<u8>);

impl CanonicalBody {
    /// Creates a canonical form from bytes that are equal exactly when two bodies have the same content.
    pub fn new(says: impl Into<Vec<u8>>) -> Self {
        Self(says.into())
    }

    /// The canonical form of a JSON body: compact, with the fields of each object sorted by name.
    fn of(mut value: Value) -> Self {
        value.sort_all_objects();
        Self::new(value.to_string())
    }
}

/// Reads every [`RequestBody`] from JSON, and refuses other media types with 415.
impl<T: RequestBody> FromBody for T {
    const MAX_BODY_BYTES: usize = <T as RequestBody>::MAX_BODY_BYTES;

    async fn read_from_body(
        headers: &HeaderMap,
        body: Bytes,
        keyed: bool,
    ) -> Result<(Self, Option<CanonicalBody>), Error> {
        if !is_json(headers) {
            return Err(Error::unsupported_media_type("application/json"));
        }
        validate_json_body(parse_json(&body)?, keyed)
    }
}

/// Request body that must be empty or `{}`, for a POST that needs no data besides the path.
#[derive(Clone, Copy, Debug)]
pub struct EmptyBody;

impl FromBody for EmptyBody {
    const MAX_BODY_BYTES: usize = 1024;

    async fn read_from_body(_: &HeaderMap, body: Bytes, _: bool) -> Result<(Self, Option<CanonicalBody>), Error> {
        if body.is_empty()
            || parse_json(&body).is_ok_and(|value| value.as_object().is_some_and(|object| object.is_empty()))
        {
            return Ok((Self, Some(CanonicalBody::new(Vec::new()))));
        }
        Err(Error::invalid_fields(
            "Invalid request",
            vec![FieldError::new("body", ErrorCode::InvalidValue.with_message("must be empty"))],
        ))
    }
}

/// Extracts and validates a request body, for endpoints without query parameters.
///
/// # Errors
/// 400 naming every bad field, or for malformed JSON or any query parameter; 413 for too long a body; 415 for another
/// media type.
#[derive(Clone, Debug)]
pub struct ValidJson<T>(
    /// The parsed and validated body.
    pub T,
);

/// Extracts and validates the body of a POST, together with the `Idempotency-Key` header if the request has one.
///
/// # Errors
/// The errors of [`ValidJson`], and 400 for an `Idempotency-Key` that is not 1-255 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotentJson<T> {
    /// The parsed and validated body.
    pub body: T,
    /// Hashes of the `Idempotency-Key`, route and body, by which a repeated request is recognised. `None` without the
    /// header, or if [`FromBody::read_from_body`] returned no canonical form.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<S: Sync, T: FromBody> FromRequest<S> for ValidJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        query::parse_query_string::<()>(&parts)?;
        T::read_from_body(&parts.headers, read_limited_body(body, T::MAX_BODY_BYTES).await?, false)
            .await
            .map(|(body, _)| Self(body))
    }
}

impl<S: Sync, T: FromBody> FromRequest<S> for IdempotentJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        if !T::IGNORES_QUERY_STRING {
            query::parse_query_string::<()>(&parts)?;
        }
        let route = format!("{} {}", parts.method, parts.uri.path());
        let bytes = read_limited_body(body, T::MAX_BODY_BYTES).await?;
        let key = idempotency_key(&parts.headers)?;
        let (body, canonical) = T::read_from_body(&parts.headers, bytes, key.is_some()).await?;
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
            .with_description("It must be 1-255 visible ASCII characters.")
    };
    key.map(Some).ok_or_else(invalid)
}

async fn read_limited_body(body: Body, limit: usize) -> Result<Bytes, Error> {
    // The Lambda event holds the whole body in memory, so `to_bytes` only fails if the body is longer than `limit`.
    to_bytes(body, limit).await.map_err(|_| Error::payload_too_large(limit))
}

/// Parses and validates a JSON body.
///
/// # Errors
/// 400 naming every bad field, a field that an object has twice, or the line and column of a syntax error.
pub fn parse_json_body<T: RequestBody>(bytes: &[u8]) -> Result<T, Error> {
    validate_json_body(parse_json(bytes)?, false).map(|(input, _)| input)
}

/// Validates a JSON body that is already parsed. With `keyed`, also returns the body's canonical form.
///
/// # Errors
/// 400 naming every bad field.
pub fn validate_json_body<T: RequestBody>(value: Value, keyed: bool) -> Result<(T, Option<CanonicalBody>), Error> {
    let canonical = keyed.then(|| CanonicalBody::of(value.clone()));
    let mut errors = Vec::new();
    match T::read_body(JsonBody { value, errors: &mut errors }) {
        Some(input) if errors.is_empty() => Ok((input, canonical)),
        _ => Err(Error::invalid_fields(T::INVALID_BODY_MESSAGE, errors)),
    }
}
