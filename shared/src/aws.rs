//! The AWS clients' configuration, built once at cold start and the same for every function.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Credentials and region as Lambda gives them, in the environment; endpoints too (`AWS_ENDPOINT_URL_DYNAMODB`,
/// `AWS_ENDPOINT_URL_S3`). TLS is ring's: AWS-LC gathers entropy for 40 ms of CPU at the first connection.
pub async fn config() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    ConfigLoader::default()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(tls).build_https())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .timeout_config(timeouts())
        .retry_config(retries())
        .load()
        .await
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

/// A client of S3 that names the bucket in the path, so that any endpoint's host name serves it.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}
