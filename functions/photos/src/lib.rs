//! Photos of leads (spec section 6).

mod delete;
mod form;
mod image;
mod upload;

use axum::Router;
use axum::routing::{delete, post};
use shared::photos::Photos;
use shared::table::Table;

pub use form::{JsonUpload, form_schema};

/// What the endpoints of this function use.
#[derive(Clone, Debug)]
pub struct PhotosOfLeads {
    /// Which lead has a photo.
    pub table: Table,
    /// The photos themselves.
    pub objects: Photos,
}

/// The endpoints.
pub fn router(photos: PhotosOfLeads) -> Router {
    let routes = Router::new()
        .route("/leads/upload-photo", post(upload::upload))
        .route("/leads/delete-photo/{fileName}", delete(delete::delete));
    shared::http::service(routes.with_state(photos))
}
