use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, IdempotentJson, Manage};
use shared::domain::error::Error;
use shared::domain::{ApiKey, ApiKeyInput, ApiKeySecret};
use shared::platform::entropy::random_bytes;
use shared::store::{ApiKeyStore, StoredResponse};

use crate::ApiKeyResponse;

/// The answer of `POST /keys`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKeyResponse,
    /// The secret, which programs send in place of a token. Only this answer shows it: the secret is not stored, so a
    /// repeated request answers `null`.
    secret: Option<String>,
}

/// `POST /keys`
pub(crate) async fn create(
    State(table): State<ApiKeyStore>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<ApiKeyInput>,
) -> Result<StoredResponse, Error> {
    let answer = |key: &ApiKey, secret: Option<&ApiKeySecret>| {
        let secret = secret.map(|secret| secret.expose_secret().to_owned());
        StoredResponse::created(CreatedApiKey { key: key.into(), secret })
    };
    table.add_api_key(&caller, &body, random_bytes()?, idempotency_key.as_ref(), answer).await
}
