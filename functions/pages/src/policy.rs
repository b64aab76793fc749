//! Content-Security-Policies of public files. <https://www.w3.org/TR/CSP3/>

use shared::platform::config::PagesConfig;

/// Content-Security-Policy of files that are not pages: scripts, style sheets and the contract.
pub(crate) const STRICT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Builds the Content-Security-Policy of a page. The page loads its own files, calls this API and the sign-in service,
/// and shows photos of the bucket.
pub(crate) fn page_policy(config: &PagesConfig) -> String {
    let issuer = config.issuer.as_deref().filter(|_| config.client_id.is_some());
    let source = |url: Option<&str>| url.and_then(csp_origin).map(|origin| format!(" {origin}")).unwrap_or_default();
    let connect = source(config.cognito.as_deref().or(issuer));
    let photos =
        config.photos_url.as_deref().and_then(csp_folder_source).map(|folder| format!(" {folder}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{photos}; \
         connect-src 'self'{connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Returns the origin of an `http` or `https` URL. `None` for any other URL, and for a host or port with characters
/// that could end a directive of the policy.
fn csp_origin(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let numbered = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (named && numbered).then(|| &url[..url.len() - rest.len() + authority.len()])
}

/// Returns `url` if it ends with a slash, so that a policy allows everything below it. `None` for other URLs, and for
/// characters that could end a directive, as in [`csp_origin`].
fn csp_folder_source(url: &str) -> Option<&str> {
    let path = url.strip_prefix(csp_origin(url)?)?;
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
    (plain && path.starts_with('/') && path.ends_with('/')).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn an_origin_with_unsafe_characters_is_refused() {
        for (url, expected) in [
            ("https://login.example.com", "https://login.example.com"),
            ("https://login.example.com/tenant/v2.0?a=;#b", "https://login.example.com"),
            ("http://127.0.0.1:3000/local", "http://127.0.0.1:3000"),
        ] {
            assert_eq!(csp_origin(url), Some(expected));
        }
        for odd in [
            "",
            "https://",
            "https:///path",
            "https://*",
            "https://:443",
            "https://example.com:",
            "https://example.com:*",
            "https://example.com:443:1",
            "https://example.com;script-src *",
            "https://example.com https://example.org",
            "https://example.com,https://example.org",
            "https://example.com\n",
            "https://'unsafe-inline'",
            "https://\"example.com\"",
            "https://user@example.com",
            "https://ex\u{e4}mple.com",
            "javascript://example.com",
            "data:",
            "example.com",
        ] {
            assert_eq!(csp_origin(odd), None, "{odd}");
        }
    }

    /// A page whose configuration is invalid gets the strict policy of other files, and may show pictures that a script
    /// made.
    #[test]
    fn a_page_without_configuration_loads_nothing_from_elsewhere() {
        assert_eq!(page_policy(&PagesConfig::default()).replace(" blob:", ""), STRICT_POLICY);
        let broken = text("https://example.com; script-src *");
        let broken = PagesConfig {
            issuer: broken.clone(),
            client_id: text("console"),
            cognito: broken.clone(),
            photos_url: broken,
            ..PagesConfig::default()
        };
        assert_eq!(page_policy(&broken), page_policy(&PagesConfig::default()));
    }

    #[test]
    fn a_page_may_call_the_sign_in_service() {
        let issuer = PagesConfig { issuer: text("https://login.example.com/tenant"), ..PagesConfig::default() };
        assert!(page_policy(&issuer).contains("; connect-src 'self';"), "there is no client to sign in by");
        let client = PagesConfig { client_id: text("console"), ..issuer };
        assert!(page_policy(&client).contains("; connect-src 'self' https://login.example.com;"));
        let cognito = PagesConfig { cognito: text("https://cognito-idp.eu-west-1.amazonaws.com"), ..client };
        assert!(page_policy(&cognito).contains("; connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com;"));
    }

    #[test]
    fn a_page_may_load_photos_from_the_configured_bucket_only() {
        let photos = "https://s3.eu-west-1.amazonaws.com/leads-bucket.1/";
        let policy = |url: &str| page_policy(&PagesConfig { photos_url: text(url), ..PagesConfig::default() });
        assert!(policy(photos).contains(&format!("; img-src 'self' data: blob: {photos};")));
        for odd in [
            "https://s3.example.com",
            "https://s3.example.com/a",
            "https://s3.example.com/a;b/",
            "https://s3.example.com/a b/",
        ] {
            assert_eq!(policy(odd), policy(""), "{odd}");
        }
    }
}
