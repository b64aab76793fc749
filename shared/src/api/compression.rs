//! Gzip compression of JSON responses, because AWS charges for outgoing traffic by the byte.

use std::io::Write as _;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::http::{HeaderMap, HeaderValue, header};

/// Responses with a body of at most this many bytes are not compressed, because short bodies hardly shrink.
const MAX_UNCOMPRESSED_BYTES: usize = 1024;

/// Whether `Accept-Encoding` allows gzip (RFC 9110, section 12.5.3). `false` without the header, because such a client
/// may not be able to decompress.
pub(super) fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepted = accepted.to_ascii_lowercase();
    let accepts = |wanted: &str| {
        let mut codings = accepted.split(',').map(|coding| coding.split_once(';').unwrap_or((coding, "")));
        let (_, quality) = codings.find(|(name, _)| name.trim() == wanted)?;
        Some(quality.trim().trim_start_matches("q=").parse() != Ok(0.0_f32))
    };
    // `*` matches only encodings that the header does not name, so an explicit `gzip` takes precedence.
    accepts("gzip").or_else(|| accepts("*")).unwrap_or(false)
}

/// Compresses the body of a JSON response with gzip, for a client that accepts gzip. Leaves short bodies, other media
/// types and encoded bodies uncompressed.
pub(super) async fn compress_json_response(response: Response) -> Response {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !is_json || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Response bodies of endpoints are in memory, so reading a body cannot fail.
    let plain = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let gzip = if plain.len() > MAX_UNCOMPRESSED_BYTES {
        encoder.write_all(&plain).and_then(|()| encoder.finish()).ok()
    } else {
        None
    };
    let Some(gzip) = gzip else { return Response::from_parts(parts, Body::from(plain)) };
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(gzip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding_decides_whether_gzip_is_used() {
        let accepts = |value: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for yes in ["gzip", "GZIP", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*", "*;q=0, gzip"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "gzip;q=0, *", "*;q=0", "xgzip"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
