use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{ApiKey, ApiKeyId, ApiKeyRole, Timestamp, User};

/// An API key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiKey")]
pub struct ApiKeyResponse {
    id: ApiKeyId,
    /// Name of the key, 1-100 characters.
    name: String,
    role: ApiKeyRole,
    /// The last four characters of the secret.
    hint: String,
    /// The user who created the key. Log entries of changes made with the key name this user and the key.
    created_by: User,
    /// Time at which the key was created.
    created_at: Timestamp,
    /// Time at which the key expires; `null` if it does not expire.
    expires_at: Option<Timestamp>,
    /// Day (UTC) of the key's last use; `null` before the first use.
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
