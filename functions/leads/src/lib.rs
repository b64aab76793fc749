//! Endpoints of leads, and of the saved views of their list.

mod archive;
mod batch;
mod by_key;
mod change_status;
mod create;
mod delete;
mod export;
mod filter;
mod get;
mod list;
mod restore;
mod search;
mod update;
mod views;

use axum::Router;
use axum::routing::{delete, get, patch, post, put};
use shared::platform::photos::PhotoBucket;
use shared::store::{LeadStore, ViewStore};

pub use change_status::ChangedLead;
pub use export::ExportParams;
pub use list::{LeadPage, ListParams};
pub use search::SearchParams;
pub use views::{ViewResponse, Views};

/// The axum state of the lead endpoints.
#[derive(Clone, Debug)]
pub struct LeadsState {
    /// The store of leads.
    pub table: LeadStore,
    /// The store of saved views.
    pub views: ViewStore,
    /// The S3 bucket with the objects of photos.
    pub photos: PhotoBucket,
}

/// Builds the router of the lead endpoints.
pub fn router(leads: LeadsState) -> Router {
    let routes = Router::new()
        .route("/leads", get(list::list))
        .route("/leads", post(create::create))
        .route("/leads", delete(delete::delete_many))
        .route("/leads/search", get(search::search))
        .route("/leads/export", get(export::export))
        .route("/leads/batch", post(batch::write_batch))
        .route("/leads/archive", patch(archive::archive))
        .route("/leads/restore", patch(restore::restore))
        .route("/leads/change-status", put(change_status::change_status))
        .route("/leads/by/{system}/{id}", get(by_key::get))
        .route("/leads/by/{system}/{id}", patch(by_key::upsert))
        .route("/leads/{id}", get(get::get))
        .route("/leads/{id}", put(update::update))
        .route("/leads/{id}", patch(update::merge_patch))
        .route("/leads/{id}", delete(delete::delete_one))
        .route("/views", get(views::list))
        .route("/views", post(views::create))
        .route("/views/{id}", put(views::update))
        .route("/views/{id}", delete(views::delete));
    shared::api::with_error_handling_and_log(routes.with_state(leads))
}
