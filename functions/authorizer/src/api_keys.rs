//! API keys (spec section 9). The table is opened for the first of them: a token waits for nothing of it.

use std::time::Duration;

use shared::aws::Aws;
use shared::deadline;
use shared::model::{ApiKey, Secret, TeamId, Timestamp};
use shared::table::Table;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::Unavailable;
use crate::claims::Context;

/// How long the table may take, well below the authorizer's timeout.
const PATIENCE: Duration = Duration::from_secs(3);

/// The API keys of every team.
#[derive(Debug, Default)]
pub struct ApiKeys {
    table: OnceCell<Table>,
}

impl ApiKeys {
    /// Those in a table that is open.
    pub fn of(table: Table) -> Self {
        Self { table: OnceCell::new_with(Some(table)) }
    }

    /// The context of a key, or why it is refused.
    pub(crate) async fn verify(&self, secret: &str) -> Result<Result<Context, &'static str>, Unavailable> {
        let Some((secret, team, id)) = Secret::parse(secret) else { return Ok(Err("not an API key")) };
        let now = Timestamp::from(jiff::Timestamp::now());
        let read = async {
            let table = self.table.get_or_try_init(open).await?;
            let key = table.verified_api_key(&secret, &team, id, now).await.map_err(Unavailable::table)?;
            if let Some(key) = &key {
                note_use(table, &team, key, now).await;
            }
            Ok(key)
        };
        let key = deadline::within(Instant::now() + PATIENCE, read).await?;
        Ok(key.map(|key| Context::of_key(&team, key)).ok_or("no such API key"))
    }
}

async fn open() -> Result<Table, Unavailable> {
    let aws = Aws::load().map_err(Unavailable::table)?;
    aws.table(0).await.map_err(Unavailable::table)
}

/// Once a day. That it was not noted keeps nobody out.
async fn note_use(table: &Table, team: &TeamId, key: &ApiKey, now: Timestamp) {
    if key.last_used_on.is_none_or(|day| day < now.day())
        && let Err(error) = table.note_use_of_api_key(team, key.id, now.day()).await
    {
        tracing::warn!(%error, "the use of an API key was not noted");
    }
}
