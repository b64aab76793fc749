//! Endpoints to upload and delete the photos of leads.

mod delete;
mod form;
mod image;
mod upload;

use axum::Router;
use axum::routing::{delete, post};
use shared::platform::photos::PhotoBucket;
use shared::store::PhotoStore;

pub use form::{JsonUpload, multipart_upload_schema};

/// The axum state of the photo endpoints.
#[derive(Clone, Debug)]
pub struct PhotosState {
    /// The store of uploads and the leads that have them.
    pub table: PhotoStore,
    /// The S3 bucket with the objects of photos.
    pub objects: PhotoBucket,
}

/// Builds the router of the photo endpoints.
pub fn router(photos: PhotosState) -> Router {
    let routes = Router::new()
        .route("/leads/upload-photo", post(upload::upload))
        .route("/leads/delete-photo/{fileName}", delete(delete::delete));
    shared::api::with_error_handling_and_log(routes.with_state(photos))
}
