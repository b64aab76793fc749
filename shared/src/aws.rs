//! The AWS clients, built once at cold start and in the same way for every function.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use tokio::time::timeout;

use crate::config::{Environment, Misconfigured, PhotosConfig, TableConfig, TrustConfig};
use crate::meter::Meter;
use crate::photos::Photos;
use crate::table::Table;

/// What AWS endpoints chain to: parsing these five takes less than reading every root of the system.
/// <https://www.amazontrust.com/repository/>
const ROOTS: &[u8] = include_bytes!("aws/roots.pem");
/// How long the start waits for the first connection.
const CONNECT: Duration = Duration::from_secs(1);

/// What a function starts from: it takes what its policy allows it to use.
pub struct Aws {
    config: SdkConfig,
    environment: Environment,
}

impl Aws {
    /// Credentials and region as Lambda gives them, in the environment; endpoints too (`AWS_ENDPOINT_URL_DYNAMODB`,
    /// `AWS_ENDPOINT_URL_S3`). TLS is ring's: AWS-LC gathers entropy for 40 ms of CPU at the first connection.
    ///
    /// # Errors
    /// When `AWS_CA_BUNDLE` names a file that cannot be read.
    pub async fn load() -> Result<Self, lambda_http::Error> {
        let environment = Environment::process();
        let mut trusted = TrustStore::empty().with_pem_certificate(ROOTS);
        if let Some(bundle) = TrustConfig::read(&environment)?.bundle {
            trusted.add_pem_certificate(bundle);
        }
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trusted).build()?)
            .build_https();
        let config = ConfigLoader::default()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region(EnvironmentVariableRegionProvider::new())
            .timeout_config(timeouts())
            .retry_config(retries());
        Ok(Self { config: config.load().await, environment })
    }

    /// The table that the environment names, connected to: Lambda gives a starting function more of a processor than one
    /// that answers. A table that is out of reach now may be in reach when a request comes.
    ///
    /// # Errors
    /// When a variable is missing.
    pub async fn table(&self) -> Result<Table, Misconfigured> {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(Meter).build();
        let table = Table::new(aws_sdk_dynamodb::Client::from_conf(config), TableConfig::read(&self.environment)?.name);
        match timeout(CONNECT, table.connect()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "not connected at start"),
            Err(_) => tracing::warn!("not connected at start: no answer in time"),
        }
        Ok(table)
    }

    /// The photos in the bucket that the environment names. The bucket stands in the path of a URL, so that any endpoint's
    /// host name serves it.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn photos(&self) -> Result<Photos, Misconfigured> {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        Ok(Photos::new(config, PhotosConfig::read(&self.environment)?.bucket))
    }
}

/// Well below the functions' own timeout, so that a retry still has its time.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html>
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

/// Up to four tries of what is safe to repeat, jittered, the first again within 50 ms.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50))
}
