//! A file as it is served: compressed beforehand, revalidated by its hash, and allowed to load nothing from elsewhere.

use std::io::{Read as _, Write as _};

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lambda_http::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};
use shared::error::Error;
use shared::http::IfNoneMatch;

/// What a page may do: run and show what comes from here, and call the API that it is part of.
/// <https://www.w3.org/TR/CSP3/>
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file that the build compressed.
pub(crate) struct Embedded {
    pub media_type: &'static str,
    /// The beginning of its hash.
    pub tag: &'static str,
    pub gzip: &'static [u8],
}

/// A file to serve.
#[derive(Clone)]
pub(crate) struct File {
    media_type: &'static str,
    tag: String,
    gzip: Bytes,
}

impl From<&Embedded> for File {
    fn from(embedded: &Embedded) -> Self {
        let gzip = Bytes::from_static(embedded.gzip);
        Self { media_type: embedded.media_type, tag: embedded.tag.to_owned(), gzip }
    }
}

impl File {
    /// A page that is told where tokens can be had; empty is nowhere.
    pub(crate) fn html(template: &str, token_endpoint: &str) -> Self {
        let escaped = token_endpoint.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let page = template.replace("{{token-endpoint}}", &escaped);
        let tag = Sha256::digest(&page)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail; what was written is what there is.
        let gzip = encoder.write_all(page.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
        Self { media_type: "text/html; charset=utf-8", tag, gzip: gzip.into() }
    }

    /// The response to a request with these headers.
    ///
    /// # Errors
    /// 500 when what the build compressed cannot be read.
    pub(crate) fn response(&self, request: &HeaderMap, cache: &'static str) -> Result<Response, Error> {
        let compressed = takes_gzip(request);
        let etag = if compressed { format!("\"{}-gzip\"", self.tag) } else { format!("\"{}\"", self.tag) };
        let headers = [
            (header::ETAG, etag.as_str()),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "accept-encoding"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        if IfNoneMatch::of(request).has(&etag) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        let media_type = [(header::CONTENT_TYPE, self.media_type)];
        if compressed {
            return Ok((headers, media_type, [(header::CONTENT_ENCODING, "gzip")], self.gzip.clone()).into_response());
        }
        let mut plain = Vec::new();
        let read = GzDecoder::new(&self.gzip[..]).read_to_end(&mut plain);
        read.map_err(|error| Error::caused_by("an embedded file", &error))?;
        Ok((headers, media_type, plain).into_response())
    }
}

/// Whether a client says that it takes gzip (RFC 9110, section 12.5.3); one that says nothing may show what it gets.
fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepted = accepted.to_ascii_lowercase();
    let takes = |wanted: &str| {
        let mut codings = accepted.split(',').map(|coding| coding.split_once(';').unwrap_or((coding, "")));
        let (_, quality) = codings.find(|(name, _)| name.trim() == wanted)?;
        Some(quality.trim().trim_start_matches("q=").parse() != Ok(0.0_f32))
    };
    // `*` is what is not named.
    takes("gzip").or_else(|| takes("*")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_tokens_are_is_text() -> std::io::Result<()> {
        for (endpoint, written) in [("", ""), ("/token?a=1&b=\"><script>", "/token?a=1&amp;b=&quot;>&lt;script>")] {
            let page = File::html("<meta content=\"{{token-endpoint}}\">", endpoint);
            let mut plain = String::new();
            GzDecoder::new(&page.gzip[..]).read_to_string(&mut plain)?;
            assert_eq!(plain, format!("<meta content=\"{written}\">"));
        }
        Ok(())
    }

    #[test]
    fn encodings() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, header::HeaderValue::from_static(value))]))
        };
        for yes in ["gzip", "GZIP", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*", "*;q=0, gzip"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "gzip;q=0, *", "*;q=0", "xgzip"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
