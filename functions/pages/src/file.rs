//! Public files, compressed with gzip, with an `ETag` and a Content-Security-Policy.

use std::borrow::Cow;
use std::io::Write as _;

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};
use shared::api::IfNoneMatch;
use shared::domain::error::Error;
use shared::domain::to_hex;
use shared::platform::config::PagesConfig;

use crate::{policy, sign_in};

/// Header that isolates a page from other origins' windows, except for popups that the page opens to sign in again.
/// <https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies>
const OPENER_POLICY_HEADER: (&str, &str) = ("cross-origin-opener-policy", "same-origin-allow-popups");

/// A file that the build compressed and embedded in the program.
pub(crate) struct Embedded {
    pub media_type: &'static str,
    /// First 16 hexadecimal digits of the SHA-256 of the file's content.
    pub tag: &'static str,
    pub gzip: &'static [u8],
}

/// A public file to serve.
#[derive(Clone)]
pub(crate) struct PublicFile {
    media_type: &'static str,
    tag: String,
    gzip: Bytes,
    policy: Cow<'static, str>,
    /// The `Cross-Origin-Opener-Policy` header. Only pages have it.
    opener_policy: Option<[(&'static str, &'static str); 1]>,
}

impl From<&Embedded> for PublicFile {
    fn from(embedded: &Embedded) -> Self {
        let gzip = Bytes::from_static(embedded.gzip);
        Self {
            media_type: embedded.media_type,
            tag: embedded.tag.to_owned(),
            gzip,
            policy: policy::STRICT_POLICY.into(),
            opener_policy: None,
        }
    }
}

impl PublicFile {
    /// Builds a page from `template`, with the sign-in configuration filled in.
    pub(crate) fn page_from_template(template: &str, config: &PagesConfig) -> Self {
        let page = template.replace("{{sign-in}}", &sign_in::sign_in_attribute(config));
        let policy = policy::page_policy(config);
        // The hash covers the policy, so that browsers with a cached page get a new policy.
        let hash = Sha256::new().chain_update(&page).chain_update(&policy).finalize();
        let tag = to_hex(&hash[..8]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let gzip = encoder.write_all(page.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
        Self {
            media_type: "text/html; charset=utf-8",
            tag,
            gzip: gzip.into(),
            policy: policy.into(),
            opener_policy: Some([OPENER_POLICY_HEADER]),
        }
    }

    /// Builds the response: the file as gzip, which every browser reads, or 304 if the browser's copy is current.
    ///
    /// # Errors
    /// Never fails. The handlers need a `Result`.
    pub(crate) fn response(&self, request: &HeaderMap, cache: &'static str) -> Result<Response, Error> {
        let etag = format!("\"{}\"", self.tag);
        let headers = [
            (header::ETAG, etag.as_str()),
            (header::CACHE_CONTROL, cache),
            (header::CONTENT_SECURITY_POLICY, self.policy.as_ref()),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        if IfNoneMatch::of(request).matches_tag(&etag) {
            return Ok((StatusCode::NOT_MODIFIED, self.opener_policy, headers).into_response());
        }
        let content = [(header::CONTENT_TYPE, self.media_type), (header::CONTENT_ENCODING, "gzip")];
        Ok((self.opener_policy, headers, content, self.gzip.clone()).into_response())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_page_contains_the_sign_in_configuration() -> std::io::Result<()> {
        let config = PagesConfig { client_id: Some("console".to_owned()), ..PagesConfig::default() };
        let mut plain = String::new();
        let page = PublicFile::page_from_template("<meta content=\"{{sign-in}}\">", &config);
        GzDecoder::new(&page.gzip[..]).read_to_string(&mut plain)?;
        assert_eq!(plain, "<meta content=\"{&quot;clientId&quot;:&quot;console&quot;}\">");
        Ok(())
    }

    #[test]
    fn a_changed_policy_changes_the_etag_of_a_page() {
        let photos =
            PagesConfig { photos_url: Some("https://s3.amazonaws.com/photos/".to_owned()), ..PagesConfig::default() };
        assert_ne!(
            PublicFile::page_from_template("", &photos).tag,
            PublicFile::page_from_template("", &PagesConfig::default()).tag
        );
    }
}
