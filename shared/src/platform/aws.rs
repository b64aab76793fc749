//! The AWS clients, built once at cold start in the same way for every function.

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

use crate::domain::EgressAllowlist;
use crate::platform::config::{
    ConfigError, EgressConfig, Environment, FailuresConfig, PhotosConfig, QueueConfig, RegionConfig, TableConfig,
    TrustConfig,
};
use crate::platform::consumed_capacity::CapacityMeter;
use crate::platform::photos::Photos;
use crate::platform::queue::{DeliveryQueues, Queue};

/// Root certificates of AWS's endpoints. Parsing these five takes less time than reading all roots of the system.
/// <https://www.amazontrust.com/repository/>
const ROOT_CERTIFICATES: &[u8] = include_bytes!("aws/roots.pem");
/// Timeout for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout for the start of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Credentials, region and HTTP client, from which a function builds the clients that its policy allows it to use.
pub struct Aws {
    config: SdkConfig,
    environment: Environment,
    bundle: Option<Vec<u8>>,
}

impl Aws {
    /// Reads credentials, region and endpoints from the environment, where Lambda puts them. The SDK's own loader would
    /// look for profiles and link every other source of credentials into each binary. TLS is by ring, because AWS-LC
    /// gathers entropy for 40 ms of CPU at the first connection.
    ///
    /// # Errors
    /// When there is no region, `AWS_CA_BUNDLE` names a file that cannot be read, or the region needs `AWS_CA_BUNDLE`
    /// and it is absent.
    pub fn load() -> Result<Self, lambda_http::Error> {
        let environment = Environment::process();
        let mut trusted = TrustStore::empty().with_pem_certificate(ROOT_CERTIFICATES);
        let bundle = TrustConfig::read(&environment)?.bundle;
        if let Some(bundle) = &bundle {
            trusted.add_pem_certificate(bundle.clone());
        }
        let waits =
            HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trusted).build()?)
            .connector_settings(waits)
            .build();
        // One connector for all clients: the SDK's own HTTP client would parse the roots again for each.
        let connector = SharedHttpConnector::new(connector);
        let http = http_client_fn(move |_, _| connector.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .region(Region::new(RegionConfig::read(&environment)?.name))
            .service_config(environment.clone())
            // Not needed: the timeout of an attempt also ends an answer that stalls.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts())
            .retry_config(retries());
        Ok(Self { config: config.build(), environment, bundle })
    }

    /// The DynamoDB client, which counts what its calls consume, and the name of the table.
    ///
    /// # Errors
    /// When a variable is missing.
    pub(crate) fn dynamodb(&self) -> Result<(aws_sdk_dynamodb::Client, String), ConfigError> {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(CapacityMeter).build();
        Ok((aws_sdk_dynamodb::Client::from_conf(config), TableConfig::read(&self.environment)?.name))
    }

    /// The delivery queues.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn deliveries(&self) -> Result<DeliveryQueues, ConfigError> {
        let client = aws_sdk_sqs::Client::new(&self.config);
        Ok(DeliveryQueues::new(&client, QueueConfig::read(&self.environment)?))
    }

    /// The queue of records that cannot be published.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn failures(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(aws_sdk_sqs::Client::new(&self.config), FailuresConfig::read(&self.environment)?.url))
    }

    /// Certificates that are trusted in addition to public roots, as PEM.
    pub fn trusted(&self) -> Option<&[u8]> {
        self.bundle.as_deref()
    }

    /// The networks that webhooks may reach.
    ///
    /// # Errors
    /// When the variable is not valid.
    pub fn reachable(&self) -> Result<EgressAllowlist, ConfigError> {
        Ok(EgressConfig::read(&self.environment)?.reachable)
    }

    /// The photos' bucket that the environment names. URLs have the bucket in the path, so that any endpoint's host
    /// name works.
    ///
    /// # Errors
    /// When a variable is missing.
    pub(crate) fn photos(&self) -> Result<Photos, ConfigError> {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        Ok(Photos::new(aws_sdk_s3::Client::from_conf(config), PhotosConfig::read(&self.environment)?.bucket))
    }
}

/// Timeouts of one try. They leave time for further tries before the request's deadline.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html>
pub fn timeouts() -> TimeoutConfig {
    let attempt = Duration::from_secs(3);
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .build()
}

/// Up to four jittered tries of requests that are safe to repeat. The first retry comes within 50 ms.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50))
}
