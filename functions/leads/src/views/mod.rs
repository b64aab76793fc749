//! Endpoints of saved views.

mod create;
mod delete;
mod list;
mod response;
mod update;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub use list::Views;
pub(crate) use list::list;
pub use response::ViewResponse;
pub(crate) use update::update;
