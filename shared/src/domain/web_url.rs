//! URLs of pages and endpoints.

use http::Uri;
use http::uri::Scheme;

/// Message of the fault for text that is not a URL.
pub(in crate::domain) const NOT_A_URL_MESSAGE: &str = "must be a URL with https://";

/// Parses a URL with `http` or `https`, a host and no credentials.
///
/// # Errors
/// A message that continues a sentence beginning with the field's name.
pub(crate) fn parse_web_uri(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| NOT_A_URL_MESSAGE)?;
    let is_web = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP);
    let Some(authority) = uri.authority().filter(|authority| is_web && !authority.host().is_empty()) else {
        return Err(NOT_A_URL_MESSAGE);
    };
    if authority.as_str().contains('@') {
        return Err("must not hold a user name or a password");
    }
    let has_port = authority.as_str().len() > authority.host().len();
    if has_port && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("must have a port from 1 to 65535");
    }
    Ok(uri)
}
