use axum::extract::State;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Confirmation, IdempotentJson, Json, Manage, PathParam, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{ApiKey, ApiKeyId, ApiKeyInput, ApiKeyRole, Secret, StoredResponse, Timestamp, User};
use shared::platform::entropy::random;
use shared::store::Table;

/// An API key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiKey")]
pub struct ApiKeyResponse {
    id: ApiKeyId,
    /// 1-100 characters.
    name: String,
    role: ApiKeyRole,
    /// The last four characters of the secret.
    hint: String,
    /// The user who created the key. The log names this user beside the key.
    created_by: User,
    /// When it was created.
    created_at: Timestamp,
    /// When the key expires; `null` if it does not.
    expires_at: Option<Timestamp>,
    /// Day of the last use, UTC; `null` before the first.
    last_used_on: Option<Date>,
}

impl From<&ApiKey> for ApiKeyResponse {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            role: key.role,
            hint: key.hint.clone(),
            created_by: key.created_by.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_on: key.last_used_on,
        }
    }
}

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
