//! URLs of webhooks, and the addresses to which a webhook may connect.

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;
use serde::{Deserialize, Serialize};

use crate::domain::EgressAllowlist;
use crate::domain::web_url::{NOT_A_URL_MESSAGE, parse_web_uri};

/// URL of a webhook: absolute, with `https` or `http`, without credentials and fragment. With `http`, only the
/// operator's networks may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl {
    text: String,
    uri: Uri,
}

impl WebhookUrl {
    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed URL.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether the URL has `http` instead of `https`.
    pub fn is_plain_http(&self) -> bool {
        self.uri.scheme() != Some(&Scheme::HTTPS)
    }

    /// The host's name, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The IP address, if the host is one and not a name.
    pub fn ip_address_of_host(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }

    /// Whether the webhook may connect to this address of its host. With `http`, only the operator's networks are
    /// allowed.
    pub fn may_connect_to(&self, address: IpAddr, reachable: &EgressAllowlist) -> bool {
        if self.is_plain_http() { reachable.is_in_allowed_network(address) } else { reachable.permits_address(address) }
    }
}

impl From<WebhookUrl> for String {
    fn from(destination: WebhookUrl) -> Self {
        destination.text
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.contains('#') {
            return Err(NOT_A_URL_MESSAGE);
        }
        let uri = parse_web_uri(&text)?;
        Ok(Self { text, uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url_of(url: &str) -> WebhookUrl {
        WebhookUrl::try_from(url.to_owned()).unwrap_or_else(|fault| unreachable!("{fault}"))
    }

    #[test]
    fn only_absolute_http_urls_without_credentials_parse() {
        for good in ["https://example.com/hook?a=1", "https://[2606:4700::1]:8443/", "http://127.0.0.1:9000/"] {
            assert_eq!(url_of(good).as_str(), good);
        }
        for bad in [
            "",
            "example.com/hook",
            "/hook",
            "ftp://example.com/",
            "https://",
            "https:///hook",
            "https://user:pass@example.com/",
            "https://user@example.com/",
            "https://example.com/#part",
            "https://exa mple.com/",
            "https://example.com:99999/",
            "javascript:alert(1)",
        ] {
            assert!(WebhookUrl::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        let url = url_of("https://[::ffff:127.0.0.1]/");
        assert_eq!(url.ip_address_of_host(), "::ffff:127.0.0.1".parse().ok());
    }
}
