//! Verification of API keys. The function opens the table when the first API key arrives, so that tokens do not wait
//! for it.

use std::time::Duration;

use shared::domain::{ApiKey, ApiKeySecret, TeamId, Timestamp};
use shared::platform::aws::AwsClientFactory;
use shared::platform::deadline;
use shared::store::ApiKeyStore;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::VerifierUnavailable;
use crate::claims::AuthorizerContext;

/// Timeout of an API key's verification in the table. The authorizer's own timeout is 5 seconds (`template.yaml`).
const KEY_LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);

/// Verifier of the API keys of all teams. Opens the table when it verifies the first key.
#[derive(Debug, Default)]
pub struct ApiKeyVerifier {
    table: OnceCell<ApiKeyStore>,
}

impl ApiKeyVerifier {
    /// Creates a verifier whose table is open already.
    pub fn of(table: ApiKeyStore) -> Self {
        Self { table: OnceCell::new_with(Some(table)) }
    }

    /// Verifies an API key. The inner result is the caller's authorizer context, or the reason for which the key is
    /// refused.
    pub(crate) async fn verify_api_key_secret(
        &self,
        secret: &str,
    ) -> Result<Result<AuthorizerContext, &'static str>, VerifierUnavailable> {
        let Some((secret, team, id)) = ApiKeySecret::parse(secret) else { return Ok(Err("not an API key")) };
        let now = Timestamp::from(jiff::Timestamp::now());
        let read = async {
            let table = self.table.get_or_try_init(open_table).await?;
            let key =
                table.verify_api_key(&secret, &team, id, now).await.map_err(VerifierUnavailable::from_table_failure)?;
            if let Some(key) = &key {
                record_use(table, &team, key, now).await;
            }
            Ok(key)
        };
        let key = deadline::run_with_deadline(Instant::now() + KEY_LOOKUP_TIMEOUT, read).await?;
        Ok(key.map(|key| AuthorizerContext::from_api_key(&team, key)).ok_or("no such API key"))
    }
}

async fn open_table() -> Result<ApiKeyStore, VerifierUnavailable> {
    let aws = AwsClientFactory::load().map_err(VerifierUnavailable::from_table_failure)?;
    aws.connect_table(0).await.map_err(VerifierUnavailable::from_table_failure)
}

/// Records in the table on which day a key was last used, at most once a day. If that fails, the key is accepted
/// anyway.
async fn record_use(table: &ApiKeyStore, team: &TeamId, key: &ApiKey, now: Timestamp) {
    if key.last_used_on.is_none_or(|day| day < now.as_utc_day())
        && let Err(error) = table.record_api_key_use(team, key.id, now.as_utc_day()).await
    {
        tracing::warn!(%error, "the use of an API key was not noted");
    }
}
