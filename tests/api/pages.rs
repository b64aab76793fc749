//! Public files (console and documentation): content, compression, caching and security headers.

use axum::body::Bytes;
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};

use crate::documents::repository_root;
use crate::harness::{TestStack, decompress_gzip, example_lead, example_lead_with, test_options};

const PUBLIC_PATHS: [&str; 5] = ["/", "/docs", "/docs/api", "/openapi.json", "/assets/latest/reference.css"];

async fn get_decompressed(api: &TestStack, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Bytes) {
    let mut request = Request::builder().uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = api.gateway.answer_request(request.body(Bytes::new()).unwrap()).await.into_parts();
    // The function sends files compressed even if the request does not accept gzip.
    let is_gzip = parts.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    let plain = if is_gzip { decompress_gzip(&body) } else { body };
    (parts.status.as_u16(), parts.headers, plain)
}

#[tokio::test]
async fn pages_are_public() {
    let api = TestStack::start_stack(test_options()).await;
    for page in PUBLIC_PATHS {
        for headers in [&[][..], &[("authorization", "Bearer nonsense")], &[("cookie", "a=b")]] {
            let (status, headers, body) = get_decompressed(&api, page, headers).await;
            assert_eq!(status, 200, "{page}");
            assert!(!body.is_empty() && headers["content-encoding"] == "gzip", "{page}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
                ("cache-control", "no-cache"),
            ] {
                assert_eq!(headers[name], value, "{page}");
            }
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{page}: {policy}");
        }
    }
    for unknown in [
        "/docs/nothing",
        "/docs/api.md",
        "/docs/%FF",
        "/assets/latest/nothing.js",
        "/assets/latest/%FF",
        "/assets/latest/reference.css.gz",
    ] {
        let (status, headers, body) = get_decompressed(&api, unknown, &[]).await;
        assert_eq!((status, &headers["cache-control"]), (404, &"no-store".parse().unwrap()), "{unknown}");
        assert!(String::from_utf8_lossy(&body).contains("File not found"), "{unknown}");
    }
}

#[tokio::test]
async fn cached_pages_are_304() {
    let api = TestStack::start_stack(test_options()).await;
    for page in PUBLIC_PATHS {
        let (_, headers, _) = get_decompressed(&api, page, &[]).await;
        let tag = headers["etag"].to_str().unwrap();
        for encoding in ["identity", "gzip, deflate, br"] {
            let (status, again, body) =
                get_decompressed(&api, page, &[("if-none-match", tag), ("accept-encoding", encoding)]).await;
            assert_eq!((status, &again["etag"], body.len()), (304, &headers["etag"], 0), "{page}");
        }
    }
}

/// Large JSON responses are compressed for callers that accept gzip.
#[tokio::test]
async fn json_is_compressed_for_those_who_accept_it() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    for n in 0..10 {
        owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
    }
    let plain = owner.get("/leads").await;
    assert_eq!(plain.headers["x-content-type-options"], "nosniff");
    let authorization = owner.authorization.clone().unwrap();
    let get = async |path: &str, encoding: &str| {
        let request = Request::builder().uri(path).header("host", "localhost").header("authorization", &authorization);
        let request = request.header("accept-encoding", encoding).body(Bytes::new()).unwrap();
        api.gateway.answer_request(request).await.into_parts()
    };
    let (parts, packed) = get("/leads", "gzip, br").await;
    assert_eq!(
        (&parts.headers["content-encoding"], &parts.headers["vary"]),
        (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
    );
    let text = decompress_gzip(&packed);
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), plain.body);
    assert!(packed.len() * 4 < text.len(), "{} of {}", packed.len(), text.len());
    for (path, encoding) in [("/leads", "identity"), ("/businesses", "gzip")] {
        let (parts, _) = get(path, encoding).await;
        assert!(!parts.headers.contains_key("content-encoding"), "{path}");
    }
}

/// The values of `src` and `href` in an HTML page.
fn linked_urls(html: &str) -> impl Iterator<Item = &str> {
    let values = [" src=\"", " href=\""].into_iter().flat_map(|name| html.split(name).skip(1));
    values.filter_map(|value| value.split('"').next())
}

#[tokio::test]
async fn assets_are_cached_for_good() {
    let api = TestStack::start_stack(test_options()).await;
    for page in ["/", "/docs"] {
        let (_, _, html) = get_decompressed(&api, page, &[]).await;
        let html = String::from_utf8(html.to_vec()).unwrap();
        let (assets, others): (Vec<_>, Vec<_>) =
            linked_urls(&html).partition(|address| address.starts_with("/assets/"));
        assert!(!assets.is_empty(), "{html}");
        for address in others {
            let here = address.starts_with('/') && !address.starts_with("//");
            let inline_icon = address == "data:," || address.starts_with("data:image/svg+xml,");
            assert!(here || inline_icon, "{page}: {address}");
        }
        for address in assets {
            let (status, headers, body) = get_decompressed(&api, address, &[]).await;
            assert_eq!(status, 200, "{page}: {address}");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable", "{page}: {address}");
            let file = address.rsplit('/').next().unwrap_or_default();
            let (status, headers, same) =
                get_decompressed(&api, &format!("/assets/0000000000000000/{file}"), &[]).await;
            assert_eq!((status, &headers["cache-control"]), (200, &"no-cache".parse().unwrap()), "{page}: {file}");
            assert!(same == body, "{page}: {file}");
        }
    }
}

/// Every Markdown page of `docs/` is served as HTML, and its links lead to served pages, headings and files.
#[tokio::test]
async fn links_between_served_guides_work() {
    let api = TestStack::start_stack(test_options()).await;
    let pages = std::fs::read_dir(repository_root().join("docs")).unwrap().map(|file| file.unwrap().path());
    for file in pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let page = format!("/docs/{}", file.file_stem().unwrap().to_str().unwrap());
        let (status, _, html) = get_decompressed(&api, &page, &[]).await;
        let html = String::from_utf8(html.to_vec()).unwrap();
        assert_eq!(status, 200, "{page}");
        // The Content-Security-Policy allows no inline styles, and a screen reader reads the head of each column.
        assert!(!html.contains(" style=") && !html.contains("<th></th>"), "{page}");
        for address in linked_urls(&html).filter(|address| !address.starts_with("https://") && *address != "data:,") {
            let (path, heading) = address.split_once('#').unwrap_or((address, ""));
            let (status, _, target) = get_decompressed(&api, if path.is_empty() { &page } else { path }, &[]).await;
            assert_eq!(status, 200, "{page}: {address}");
            let is_there = String::from_utf8_lossy(&target).contains(&format!(" id=\"{heading}\""));
            assert!(heading.is_empty() || is_there, "{page}: {address}");
        }
    }
}

/// A page contains the sign-in settings from the configuration. The deployed template sets no `TOKEN_ENDPOINT`.
#[tokio::test]
async fn a_page_has_the_sign_in_configuration() {
    let api = TestStack::start_stack(test_options()).await;
    let issuer = api.gateway.token_issuer().issuer_url();
    for page in ["/", "/docs"] {
        let (_, headers, html) = get_decompressed(&api, page, &[]).await;
        let html = String::from_utf8(html.to_vec()).unwrap();
        let sign_in = html.split(r#"<meta name="sign-in" content=""#).nth(1).and_then(|rest| rest.split('"').next());
        let sign_in: Value = serde_json::from_str(&sign_in.unwrap().replace("&quot;", "\"")).unwrap();
        let expected =
            json!({ "tokens": "/local/token", "issuer": issuer, "audience": "leads-api", "clientId": "leads-api" });
        assert_eq!(sign_in, expected, "{page}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        let origin = issuer.strip_suffix("/local").unwrap();
        assert!(policy.contains(&format!("; connect-src 'self' {origin};")), "{page}: {policy}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin-allow-popups", "{page}");
    }
    assert!(!include_str!("../../template.yaml").contains("TOKEN_ENDPOINT"));
}

#[tokio::test]
async fn the_content_security_policy_allows_photos() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    let photo = owner
        .post("/leads/upload-photo", json!({ "photo": local::examples::PIXEL_GIF_BASE64 }))
        .await
        .expect_status(200);
    let created =
        owner.post("/leads", example_lead_with("a@example.com", json!({ "photo": photo }))).await.expect_status(201);
    let bucket = created["photoUrl"].as_str().unwrap().split('/').take(4).collect::<Vec<_>>().join("/");
    let (_, headers, _) = get_decompressed(&api, "/", &[]).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("; img-src 'self' data: blob: {bucket}/;")), "{bucket}: {policy}");
}

#[tokio::test]
async fn files_other_than_pages_connect_only_to_self() {
    let api = TestStack::start_stack(test_options()).await;
    for file in ["/openapi.json", "/assets/latest/reference.css"] {
        let (_, headers, _) = get_decompressed(&api, file, &[]).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("; img-src 'self' data:; connect-src 'self';"), "{file}: {policy}");
        assert!(!headers.contains_key("cross-origin-opener-policy"), "{file}");
    }
}
