//! Endpoints of photos.

mod delete;
mod form;
mod image;
mod upload;

use axum::Router;
use axum::routing::{delete, post};
use shared::platform::photos::Photos;
use shared::store::PhotoStore;

pub use form::{JsonUpload, form_schema};

/// The state of this function's endpoints.
#[derive(Clone, Debug)]
pub struct PhotosOfLeads {
    /// The table.
    pub table: PhotoStore,
    /// The objects of photos.
    pub objects: Photos,
}

/// The endpoints.
pub fn router(photos: PhotosOfLeads) -> Router {
    let routes = Router::new()
        .route("/leads/upload-photo", post(upload::upload))
        .route("/leads/delete-photo/{fileName}", delete(delete::delete));
    shared::api::service(routes.with_state(photos))
}
