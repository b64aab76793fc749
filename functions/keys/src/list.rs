use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Manage, ValidQuery};
use shared::domain::error::Error;
use shared::store::ApiKeyStore;

use crate::ApiKeyResponse;

/// The answer of `GET /keys`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApiKeys {
    /// Number of API keys.
    count: usize,
    /// The team's API keys, newest first.
    keys: Vec<ApiKeyResponse>,
}

/// `GET /keys`
pub(crate) async fn list(
    State(table): State<ApiKeyStore>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<ApiKeys>, Error> {
    let keys = table.api_keys(&caller.team).await?;
    Ok(Json(ApiKeys { count: keys.len(), keys: keys.iter().map(ApiKeyResponse::from).collect() }))
}
