//! Path parameters.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use lambda_http::http::request::Parts;

/// The path parameter of a route with one, percent-decoded. Empty if it is not UTF-8. The endpoint parses it and
/// answers for a bad id as it documents.
#[derive(Clone, Debug)]
pub struct PathParam(
    /// Any text.
    pub String,
);

impl<S: Send + Sync> FromRequestParts<S> for PathParam {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}

/// Both path parameters of a route that has two, see [`PathParam`].
#[derive(Clone, Debug)]
pub struct PathParams(
    /// Any text.
    pub String,
    /// Any text.
    pub String,
);

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let (first, second) = path.map(|Path(both)| both).unwrap_or_default();
        Ok(Self(first, second))
    }
}
