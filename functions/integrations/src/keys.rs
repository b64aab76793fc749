use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Confirmation, IdempotentJson, Json, Manage, PathParam, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{ApiKey, ApiKeyInput, ApiKeyResponse, Secret, StoredResponse};
use shared::platform::entropy::random;
use shared::store::Table;

/// The answer of `GET /keys`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApiKeys {
    /// How many there are.
    count: usize,
    /// The newest first.
    keys: Vec<ApiKeyResponse>,
}

/// The answer of `POST /keys`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKeyResponse,
    /// The secret, to send in place of a token. It is stored nowhere: a repeated request answers `null`.
    secret: Option<String>,
}

/// `GET /keys`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<ApiKeys>, Error> {
    let keys = table.api_keys(&caller.team).await?;
    Ok(Json(ApiKeys { count: keys.len(), keys: keys.iter().map(ApiKeyResponse::from).collect() }))
}

/// `POST /keys`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<ApiKeyInput>,
) -> Result<StoredResponse, Error> {
    let answer = |key: &ApiKey, secret: Option<&Secret>| {
        let secret = secret.map(|secret| secret.reveal().to_owned());
        StoredResponse::created(CreatedApiKey { key: key.into(), secret })
    };
    table.add_api_key(&caller, &body, random()?, idempotency_key.as_ref(), answer).await
}

/// `DELETE /keys/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    let id = id.parse().map_err(|()| Error::api_key_not_found())?;
    table.delete_api_key(&caller, id).await?;
    Ok(Json(Confirmation {
        message: "API key revoked successfully",
        description: "It is refused within 60 seconds, everywhere.",
    }))
}
