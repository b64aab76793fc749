//! Opens the table at cold start.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::timeout;

use super::Table;
use crate::platform::aws::Aws;
use crate::platform::config::ConfigError;
use crate::platform::photos::Photos;

/// How long a cold start waits for its first connections.
const COLD_START_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

impl Aws {
    /// The table that the environment names, as the group that the function needs. Opens one connection for each request that the function makes at once,
    /// because Lambda gives a starting function more processor time than a running one. Each connection costs half a
    /// read unit. A failure is ignored: the table may be reachable when a request comes.
    ///
    /// # Errors
    /// When a variable is missing.
    pub async fn table<S: From<Table>>(&self, connections: usize) -> Result<S, ConfigError> {
        let (client, name) = self.dynamodb()?;
        let table = Table::new(client, name);
        match timeout(COLD_START_CONNECT_TIMEOUT, try_join_all((0..connections).map(|_| table.connect()))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "not connected at start"),
            Err(_) => tracing::warn!("not connected at start: no answer in time"),
        }
        Ok(table.into())
    }

    /// [`Aws::table`], and the photos' bucket that the environment names. The S3 client is built while the connections
    /// open.
    ///
    /// # Errors
    /// When a variable is missing.
    pub async fn open_table_and_photos<S: From<Table>>(&self, connections: usize) -> Result<(S, Photos), ConfigError> {
        tokio::try_join!(self.table(connections), async { self.photos() })
    }
}
