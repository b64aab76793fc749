//! Path parameters.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use lambda_http::http::request::Parts;

/// The route's one path parameter, decoded; empty when it is not UTF-8. What is not an id is the endpoint's to refuse, in
/// the document's words.
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

/// The route's two path parameters, as [`PathParam`].
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
