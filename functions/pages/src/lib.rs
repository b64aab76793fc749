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

use crate::file::{Embedded, PublicFile};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// `Cache-Control` of files that browsers must revalidate before each use.
const CACHE_REVALIDATED: &str = "no-cache";
/// `Cache-Control` of files whose URL changes with their content.
const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[derive(Clone)]
struct PagesState {
    index: PublicFile,
    docs: PublicFile,
    contract: PublicFile,
}

/// Builds the router of the public files.
pub fn router(config: &PagesConfig) -> Router {
    let pages = PagesState {
        index: PublicFile::page_from_template(INDEX, config),
        docs: PublicFile::page_from_template(DOCS, config),
        contract: PublicFile::from(&CONTRACT),
    };
    let routes = Router::new()
        .route("/", get(index))
        .route("/docs", get(docs))
        .route("/docs/{page}", get(guide))
        .route("/openapi.json", get(openapi_json))
        .route("/assets/{version}/{file}", get(asset));
    shared::api::with_error_handling_and_log(routes.with_state(pages))
}

/// `GET /`: the console.
async fn index(State(pages): State<PagesState>, headers: HeaderMap) -> Result<Response, Error> {
    pages.index.response(&headers, CACHE_REVALIDATED)
}

/// `GET /docs`: the API reference.
async fn docs(State(pages): State<PagesState>, headers: HeaderMap) -> Result<Response, Error> {
    pages.docs.response(&headers, CACHE_REVALIDATED)
}

/// `GET /docs/{page}`
async fn guide(path: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Result<Response, Error> {
    let Path(page) = path.map_err(|_| file_not_found())?;
    let (_, embedded) = GUIDES.iter().find(|(name, _)| *name == page).ok_or_else(file_not_found)?;
    PublicFile::from(embedded).response(&headers, CACHE_REVALIDATED)
}

/// `GET /openapi.json`
async fn openapi_json(State(pages): State<PagesState>, headers: HeaderMap) -> Result<Response, Error> {
    pages.contract.response(&headers, CACHE_REVALIDATED)
}

/// `GET /assets/{version}/{file}`: a script or style sheet of the pages.
async fn asset(path: Result<Path<(String, String)>, PathRejection>, headers: HeaderMap) -> Result<Response, Error> {
    let Path((version, file)) = path.map_err(|_| file_not_found())?;
    let (_, embedded) = ASSETS.iter().find(|(name, _)| *name == file).ok_or_else(file_not_found)?;
    PublicFile::from(embedded)
        .response(&headers, if version == ASSETS_HASH { CACHE_IMMUTABLE } else { CACHE_REVALIDATED })
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
    fn built_files_contain_no_local_sign_in_path() -> std::io::Result<()> {
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
