//! The AWS clients, built once at cold start and in the same way for every function.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use futures_util::future::try_join_all;
use tokio::time::timeout;

use crate::config::{
    Environment, FailuresConfig, Misconfigured, PhotosConfig, QueueConfig, RegionConfig, TableConfig, TrustConfig,
    WebhooksConfig,
};
use crate::meter::Meter;
use crate::model::Reachable;
use crate::photos::Photos;
use crate::queue::{DeliveryQueues, Queue};
use crate::table::Table;

/// What AWS endpoints chain to: parsing these five takes less than reading every root of the system.
/// <https://www.amazontrust.com/repository/>
const ROOTS: &[u8] = include_bytes!("aws/roots.pem");
/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take to begin.
const READ: Duration = Duration::from_secs(2);
/// How long a start waits for its first connections.
const START: Duration = Duration::from_secs(1);

/// What a function starts from: it takes what its policy allows it to use.
pub struct Aws {
    config: SdkConfig,
    environment: Environment,
    bundle: Option<Vec<u8>>,
}

impl Aws {
    /// Credentials and region as Lambda gives them, in the environment; endpoints too. The SDK's own loader would look for
    /// profiles, and bring every other way to credentials into each binary. TLS is ring's: AWS-LC gathers entropy for 40 ms of
    /// CPU at the first connection.
    ///
    /// # Errors
    /// When there is no region, or `AWS_CA_BUNDLE` names a file that cannot be read, or none in a region that needs one.
    pub fn load() -> Result<Self, lambda_http::Error> {
        let environment = Environment::process();
        let mut trusted = TrustStore::empty().with_pem_certificate(ROOTS);
        let bundle = TrustConfig::read(&environment)?.bundle;
        if let Some(bundle) = &bundle {
            trusted.add_pem_certificate(bundle.clone());
        }
        let waits = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(READ).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trusted).build()?)
            .connector_settings(waits)
            .build();
        // The SDK's own HTTP client would read the roots again for each client that is made of it.
        let connector = SharedHttpConnector::new(connector);
        let http = http_client_fn(move |_, _| connector.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .region(Region::new(RegionConfig::read(&environment)?.name))
            .service_config(environment.clone())
            // The timeouts bound a stalled answer as well.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts())
            .retry_config(retries());
        Ok(Self { config: config.build(), environment, bundle })
    }

    /// The table that the environment names, with connections to it for as many requests as the function makes at once:
    /// Lambda gives a starting function more of a processor than one that answers. Each takes half a read unit. A table
    /// that is out of reach now may be in reach when a request comes.
    ///
    /// # Errors
    /// When a variable is missing.
    pub async fn table(&self, connections: usize) -> Result<Table, Misconfigured> {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(Meter).build();
        let table = Table::new(aws_sdk_dynamodb::Client::from_conf(config), TableConfig::read(&self.environment)?.name);
        match timeout(START, try_join_all((0..connections).map(|_| table.connect()))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "not connected at start"),
            Err(_) => tracing::warn!("not connected at start: no answer in time"),
        }
        Ok(table)
    }

    /// The queues of what webhooks are to be told.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn deliveries(&self) -> Result<DeliveryQueues, Misconfigured> {
        let client = aws_sdk_sqs::Client::new(&self.config);
        Ok(DeliveryQueues::new(&client, QueueConfig::read(&self.environment)?))
    }

    /// The queue of what cannot be made an event.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn failures(&self) -> Result<Queue, Misconfigured> {
        Ok(Queue::new(aws_sdk_sqs::Client::new(&self.config), FailuresConfig::read(&self.environment)?.url))
    }

    /// Certificates that are trusted besides the web's roots, as PEM.
    pub fn trusted(&self) -> Option<&[u8]> {
        self.bundle.as_deref()
    }

    /// What webhooks may reach.
    ///
    /// # Errors
    /// When a variable is not what it must be.
    pub fn reachable(&self) -> Result<Reachable, Misconfigured> {
        Ok(WebhooksConfig::read(&self.environment)?.reachable)
    }

    /// [`Aws::table`] and the photos in the bucket that the environment names: the client of S3 is made while the
    /// connections are under way.
    ///
    /// # Errors
    /// When a variable is missing.
    pub async fn table_and_photos(&self, connections: usize) -> Result<(Table, Photos), Misconfigured> {
        tokio::try_join!(self.table(connections), async { self.photos() })
    }

    /// The photos in the bucket that the environment names. The bucket stands in the path of a URL, so that any endpoint's
    /// host name serves it.
    fn photos(&self) -> Result<Photos, Misconfigured> {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        Ok(Photos::new(aws_sdk_s3::Client::from_conf(config), PhotosConfig::read(&self.environment)?.bucket))
    }
}

/// Of one try, so that there is time for others before the request's deadline, which bounds all of them.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html>
pub fn timeouts() -> TimeoutConfig {
    let attempt = Duration::from_secs(3);
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_attempt_timeout(attempt).build()
}

/// Up to four tries of what is safe to repeat, jittered, the first again within 50 ms.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50))
}
