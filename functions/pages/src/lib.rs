//! Public files: the console, the OpenAPI contract, and the API reference.

mod file;
mod policy;
mod sign_in;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lambda_http::http::HeaderMap;
use shared::domain::ErrorCode;
use shared::domain::error::Error;
use shared::platform::config::PagesConfig;

use crate::file::{Embedded, File};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// `Cache-Control` of files that browsers must revalidate before each use.
const REVALIDATED: &str = "no-cache";
/// `Cache-Control` of files whose URL changes with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[derive(Clone)]
struct Pages {
    index: File,
    docs: File,
    contract: File,
}

/// Builds the router of the public files.
pub fn router(config: &PagesConfig) -> Router {
    let pages =
        Pages { index: File::html(INDEX, config), docs: File::html(DOCS, config), contract: File::from(&CONTRACT) };
    let routes = Router::new()
        .route("/", get(index))
        .route("/docs", get(docs))
        .route("/docs/{page}", get(guide))
        .route("/openapi.json", get(contract))
        .route("/assets/{version}/{file}", get(asset));
    shared::api::service(routes.with_state(pages))
}

/// `GET /`: the console.
async fn index(State(pages): State<Pages>, headers: HeaderMap) -> Result<Response, Error> {
    pages.index.response(&headers, REVALIDATED)
}

/// `GET /docs`: the API reference.
async fn docs(State(pages): State<Pages>, headers: HeaderMap) -> Result<Response, Error> {
    pages.docs.response(&headers, REVALIDATED)
}

/// `GET /docs/{page}`
async fn guide(path: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Result<Response, Error> {
    let Path(page) = path.map_err(|_| file_not_found())?;
    let (_, embedded) = GUIDES.iter().find(|(name, _)| *name == page).ok_or_else(file_not_found)?;
    File::from(embedded).response(&headers, REVALIDATED)
}

/// `GET /openapi.json`
async fn contract(State(pages): State<Pages>, headers: HeaderMap) -> Result<Response, Error> {
    pages.contract.response(&headers, REVALIDATED)
}

/// `GET /assets/{version}/{file}`: a script or style sheet of the pages.
async fn asset(path: Result<Path<(String, String)>, PathRejection>, headers: HeaderMap) -> Result<Response, Error> {
    let Path((version, file)) = path.map_err(|_| file_not_found())?;
    let (_, embedded) = ASSETS.iter().find(|(name, _)| *name == file).ok_or_else(file_not_found)?;
    File::from(embedded).response(&headers, if version == ASSETS_HASH { IMMUTABLE } else { REVALIDATED })
}

fn file_not_found() -> Error {
    Error::not_found(ErrorCode::FileNotFound, "File not found")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    /// Sign-in is configured when the program runs: no built file contains a path of the local sign-in.
    #[test]
    fn no_sign_in_is_built_in() -> std::io::Result<()> {
        let mut texts = vec![("/".to_owned(), INDEX.to_owned()), ("/docs".to_owned(), DOCS.to_owned())];
        for (name, embedded) in ASSETS {
            let mut text = String::new();
            GzDecoder::new(embedded.gzip).read_to_string(&mut text)?;
            texts.push(((*name).to_owned(), text));
        }
        for (name, text) in texts {
            assert!(!text.contains("/local/"), "{name}");
        }
        Ok(())
    }
}
