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
    ConfigError, EgressConfig, Environment, PhotosConfig, PublisherFailuresConfig, QueueConfig, RegionConfig,
    TableConfig, TrustConfig,
};
use crate::platform::consumed_capacity::CapacityMeter;
use crate::platform::photos::PhotoBucket;
use crate::platform::queue::{DeliveryQueues, SqsQueue};

/// Root certificates that the certificates of AWS's endpoints chain to, as PEM. Parsing these five takes less time than
/// reading all root certificates of the operating system.
/// <https://www.amazontrust.com/repository/>
const ROOT_CERTIFICATES: &[u8] = include_bytes!("aws/roots.pem");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout from sending a request to the first byte of its response.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Credentials, region and HTTP client of AWS. A function builds from them the clients of those services that its IAM
/// policy allows.
pub struct AwsClientFactory {
    config: SdkConfig,
    environment: Environment,
    bundle: Option<Vec<u8>>,
}

impl AwsClientFactory {
    /// Reads credentials, region and endpoints from environment variables. The loader of `aws_config` would link every
    /// other source of credentials into each binary.
    ///
    /// # Errors
    /// When `AWS_REGION` is missing, when the file that `AWS_CA_BUNDLE` names cannot be read, or when the region needs
    /// `AWS_CA_BUNDLE` and the variable is missing.
    pub fn load() -> Result<Self, lambda_http::Error> {
        let environment = Environment::from_process();
        let mut trusted = TrustStore::empty().with_pem_certificate(ROOT_CERTIFICATES);
        let bundle = TrustConfig::from_environment(&environment)?.bundle;
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
        // All AWS clients share this connector. The SDK's default HTTP client would parse the root certificates again
        // for each client.
        let connector = SharedHttpConnector::new(connector);
        let http = http_client_fn(move |_, _| connector.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .region(Region::new(RegionConfig::from_environment(&environment)?.name))
            .service_config(environment.clone())
            // Stalled-stream protection is not needed: `operation_attempt_timeout` also ends a response that stalls.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeout_config())
            .retry_config(retry_config());
        Ok(Self { config: config.build(), environment, bundle })
    }

    /// Returns a DynamoDB client, whose calls [`CapacityMeter`] counts, and the name of the table.
    ///
    /// # Errors
    /// When `TABLE_NAME` is missing or empty.
    pub(crate) fn dynamodb(&self) -> Result<(aws_sdk_dynamodb::Client, String), ConfigError> {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(CapacityMeter).build();
        Ok((aws_sdk_dynamodb::Client::from_conf(config), TableConfig::from_environment(&self.environment)?.name))
    }

    /// Returns a client of the two delivery queues.
    ///
    /// # Errors
    /// When `DELIVERIES_QUEUE_URL` or `SLOW_DELIVERIES_QUEUE_URL` is missing or empty.
    pub fn delivery_queues(&self) -> Result<DeliveryQueues, ConfigError> {
        let client = aws_sdk_sqs::Client::new(&self.config);
        Ok(DeliveryQueues::new(&client, QueueConfig::from_environment(&self.environment)?))
    }

    /// Returns a client of the SQS queue for stream records that the publisher cannot publish.
    ///
    /// # Errors
    /// When `FAILURES_QUEUE_URL` is missing or empty.
    pub fn publisher_failures_queue(&self) -> Result<SqsQueue, ConfigError> {
        Ok(SqsQueue::new(
            aws_sdk_sqs::Client::new(&self.config),
            PublisherFailuresConfig::from_environment(&self.environment)?.url,
        ))
    }

    /// Root certificates to trust in addition to the public ones, as PEM: the content of the file that `AWS_CA_BUNDLE`
    /// names. `None` without that variable.
    pub fn extra_root_certificates(&self) -> Option<&[u8]> {
        self.bundle.as_deref()
    }

    /// Returns the networks that webhooks may reach in addition to the public Internet.
    ///
    /// # Errors
    /// When an entry of `WEBHOOK_NETWORKS` is not a network in CIDR notation.
    pub fn egress_allowlist(&self) -> Result<EgressAllowlist, ConfigError> {
        Ok(EgressConfig::from_environment(&self.environment)?.reachable)
    }

    /// Returns a client of the photo bucket that `BUCKET_NAME` names. S3 URLs carry the bucket in the path, not in the
    /// host name, so that any endpoint's host name works.
    ///
    /// # Errors
    /// When `BUCKET_NAME` is missing or empty.
    pub(crate) fn photo_bucket(&self) -> Result<PhotoBucket, ConfigError> {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        Ok(PhotoBucket::new(
            aws_sdk_s3::Client::from_conf(config),
            PhotosConfig::from_environment(&self.environment)?.bucket,
        ))
    }
}

/// Timeouts of a single try of an AWS call. They are short enough to leave time for further tries before the request's
/// deadline.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html>
pub fn timeout_config() -> TimeoutConfig {
    let attempt = Duration::from_secs(3);
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .build()
}

/// Retry configuration of the AWS clients: at most four tries of a call, with jittered pauses between them. The first
/// retry comes within 50 ms.
pub fn retry_config() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50))
}
