//! Connects a starting Lambda function to the table.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::timeout;

use super::Table;
use crate::platform::aws::AwsClientFactory;
use crate::platform::config::ConfigError;
use crate::platform::photos::PhotoBucket;

/// Maximum time that a cold start waits for the first connections to DynamoDB.
const COLD_START_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

impl AwsClientFactory {
    /// Returns the table that the environment names, as the store type `S`. Connects at cold start, while Lambda gives
    /// the function more CPU time. A failure to connect is ignored; the first request connects again.
    ///
    /// # Errors
    /// When an environment variable is missing.
    pub async fn connect_table<S: From<Table>>(&self, connections: usize) -> Result<S, ConfigError> {
        let (client, name) = self.dynamodb()?;
        let table = Table::new(client, name);
        match timeout(COLD_START_CONNECT_TIMEOUT, try_join_all((0..connections).map(|_| table.open_connection()))).await
        {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "not connected at start"),
            Err(_) => tracing::warn!("not connected at start: no answer in time"),
        }
        Ok(table.into())
    }

    /// As [`AwsClientFactory::connect_table`], and also returns the S3 bucket of photos that the environment names. The
    /// S3 client is built while the connections to DynamoDB open.
    ///
    /// # Errors
    /// When an environment variable is missing.
    pub async fn open_table_and_photos<S: From<Table>>(
        &self,
        connections: usize,
    ) -> Result<(S, PhotoBucket), ConfigError> {
        tokio::try_join!(self.connect_table(connections), async { self.photo_bucket() })
    }
}
