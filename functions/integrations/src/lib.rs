//! What an owner sets up for others to call: API keys (spec section 9) and forms (spec section 11).

mod forms;
mod keys;

use axum::Router;
use axum::routing::{delete, get, post, put};
use shared::error::Error;
use shared::table::Table;

pub use forms::Forms;
pub use keys::{ApiKeys, CreatedApiKey};

/// The endpoints.
pub fn router(table: Table) -> Router {
    let routes = Router::new()
        .route("/keys", get(keys::list))
        .route("/keys", post(keys::create))
        .route("/keys/{id}", delete(keys::delete))
        .route("/forms", get(forms::list))
        .route("/forms", post(forms::create))
        .route("/forms/{id}", put(forms::update))
        .route("/forms/{id}", delete(forms::delete));
    shared::http::service(routes.with_state(table))
}

/// Bytes that nobody can guess, from the operating system.
fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| Error::caused_by("getrandom", &error))?;
    Ok(random)
}
