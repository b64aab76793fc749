//! Axum extractor for callers without a token.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use lambda_http::http::header;
use lambda_http::http::request::Parts;
use lambda_http::request::RequestContext;

use crate::domain::Timestamp;
use crate::domain::error::Error;

/// An unauthenticated caller, such as the visitor who submits a form.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Network of the caller: the IPv4 address, or the /64 prefix of the IPv6 address, because a household or machine
    /// can use any address within one /64.
    pub network: String,
    /// Origin of the page that sent the request, in lower case. `None` without an `Origin` header.
    pub origin: Option<String>,
    /// Whether the caller accepts an HTML page as the response (`Accept: text/html`).
    pub wants_page: bool,
    /// Time at which the visitor's request arrived, to the millisecond.
    pub at: Timestamp,
}

/// Converts an IP address to the network of the caller, see [`Visitor::network`]. A text that is not an IP address is
/// returned unchanged.
fn network_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Ok(address) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let address = match parts.extensions.get() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let accept = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let origin = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        Ok(Self {
            network: network_of(&address.ok_or_else(|| Error::internal("the event names no address"))?),
            origin: origin.map(str::to_lowercase),
            wants_page: accept.is_some_and(|accept| accept.to_ascii_lowercase().contains("text/html")),
            at: Timestamp::from(jiff::Timestamp::now()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_addresses_of_one_64_are_one_network() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::9"));
        assert_ne!(network_of("2001:db8:1:2::9"), network_of("2001:db8:1:3::9"));
        assert_eq!(network_of("::ffff:198.51.100.7"), "198.51.100.7");
        assert_ne!(network_of("198.51.100.7"), network_of("198.51.100.8"));
    }
}
