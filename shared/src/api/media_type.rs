//! Reads the media type of a request body, and the parts of a `multipart/form-data` body.

use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::{future, stream};
use lambda_http::http::{HeaderMap, header};
use multer::Multipart;

use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError};

/// Value of the header `Content-Type`. Empty if the header is absent.
fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Media type of a request body, in lower case and without parameters. Empty if the header `Content-Type` is absent.
pub fn media_type(headers: &HeaderMap) -> String {
    content_type(headers).split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether the media type of a request body is `application/json`, or another JSON type such as
/// `application/problem+json`.
pub fn is_json(headers: &HeaderMap) -> bool {
    let media_type = media_type(headers);
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// A part of a `multipart/form-data` body: a field or a file.
#[derive(Clone, Debug)]
pub struct MultipartPart {
    /// Name of the field.
    pub name: String,
    /// Whether the part is a file that the user chose. If the user chose no file, a browser sends an empty file name.
    pub is_file: bool,
    /// Content of the field or file.
    pub bytes: Bytes,
}

/// Reads the parts of a `multipart/form-data` body (RFC 7578).
///
/// # Errors
/// 415 for another media type; `expected` names the media types that the endpoint accepts. 400 with the message
/// `invalid` if the body is incomplete or the `Content-Type` has no boundary.
pub async fn read_multipart_parts(
    headers: &HeaderMap,
    body: Bytes,
    invalid: &'static str,
    expected: &str,
) -> Result<Vec<MultipartPart>, Error> {
    let broken = || {
        let message = "must be whole multipart/form-data, with its boundary in the content type";
        Error::invalid_fields(invalid, vec![FieldError::new("body", ErrorCode::MalformedForm.with_message(message))])
    };
    let boundary = multer::parse_boundary(content_type(headers)).map_err(|error| match error {
        multer::Error::NoBoundary => broken(),
        _ => Error::unsupported_media_type(expected),
    })?;
    let mut sent = Multipart::new(stream::once(future::ready(Ok::<_, Infallible>(body))), boundary);
    let mut parts = Vec::new();
    while let Some(part) = sent.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some_and(|file| !file.is_empty());
        parts.push(MultipartPart { name, is_file, bytes: part.bytes().await.map_err(|_| broken())? });
    }
    Ok(parts)
}
