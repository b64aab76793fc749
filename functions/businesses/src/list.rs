use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Read, ValidQuery};
use shared::domain::Business;
use shared::domain::error::Error;
use shared::store::TeamStore;

/// The answer of `GET /businesses`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Businesses {
    /// Number of businesses.
    count: usize,
    /// The team's businesses, sorted by id.
    businesses: Vec<Business>,
}

/// `GET /businesses`
pub(crate) async fn list(
    State(table): State<TeamStore>,
    caller: Caller<Read>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Businesses>, Error> {
    let businesses = table.team(&caller.team).await?.businesses;
    Ok(Json(Businesses { count: businesses.len(), businesses }))
}
