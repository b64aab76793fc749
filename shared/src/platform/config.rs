//! All environment variables that the functions read, in one struct for each concern.

use std::sync::Arc;
use std::{fmt, io};

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::domain::EgressAllowlist;

/// A configuration error. It stops the function from starting.
#[derive(Debug)]
pub enum ConfigError {
    /// The environment variable is missing or empty.
    Missing(&'static str),
    /// The file that the environment variable names cannot be read.
    Unreadable(&'static str, io::Error),
    /// The environment variable is not a comma-separated list of networks in CIDR notation.
    NotNetworks(&'static str),
    /// The environment variable must name a file of root certificates, because the certificates of AWS's endpoints in
    /// this region do not chain to the compiled-in roots.
    Untrusted(&'static str, String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the environment variable {name} is not set"),
            Self::Unreadable(name, cause) => write!(f, "the file that {name} names: {cause}"),
            Self::NotNetworks(name) => write!(f, "{name} must be networks in CIDR notation, separated by commas"),
            Self::Untrusted(name, region) => {
                write!(f, "AWS in {region} has certificates of its own: {name} must name a file with their roots")
            }
        }
    }
}

impl std::error::Error for ConfigError {}

type VariableLookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Source of environment variables: the process, or a function that the caller supplies.
#[derive(Clone)]
pub struct Environment(Arc<VariableLookup>);

impl Environment {
    /// Creates an environment that reads the environment variables of this process.
    pub fn from_process() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// An environment whose variables `lookup` returns, for tests and the local system.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    fn optional_variable(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required_variable(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional_variable(name).ok_or(ConfigError::Missing(name))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

/// Lets the SDK read the endpoint URL of one service (`AWS_ENDPOINT_URL_DYNAMODB`) or else of all services
/// (`AWS_ENDPOINT_URL`) from the environment.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.optional_variable(&format!("{}_{service}", key.env())).or_else(|| self.optional_variable(key.env()))
    }
}

/// The AWS region.
#[derive(Clone, Debug)]
pub struct RegionConfig {
    /// `AWS_REGION`
    pub name: String,
}

impl RegionConfig {
    /// Reads the region from the environment.
    ///
    /// # Errors
    /// When `AWS_REGION` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { name: environment.required_variable("AWS_REGION")? })
    }
}

/// The DynamoDB table.
#[derive(Clone, Debug)]
pub struct TableConfig {
    /// `TABLE_NAME`
    pub name: String,
}

impl TableConfig {
    /// Reads the table's name from the environment.
    ///
    /// # Errors
    /// When `TABLE_NAME` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { name: environment.required_variable("TABLE_NAME")? })
    }
}

/// The S3 bucket that holds the photos.
#[derive(Clone, Debug)]
pub struct PhotosConfig {
    /// `BUCKET_NAME`
    pub bucket: String,
}

impl PhotosConfig {
    /// Reads the bucket's name from the environment.
    ///
    /// # Errors
    /// When `BUCKET_NAME` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { bucket: environment.required_variable("BUCKET_NAME")? })
    }
}

/// The two SQS queues of delivery jobs.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// `DELIVERIES_QUEUE_URL`: URL of the queue of delivery jobs for all webhooks that are not slow.
    pub deliveries: String,
    /// `SLOW_DELIVERIES_QUEUE_URL`: URL of the queue of delivery jobs for slow webhooks.
    pub slow_deliveries: String,
}

impl QueueConfig {
    /// Reads the URLs of the two delivery queues from the environment.
    ///
    /// # Errors
    /// When `DELIVERIES_QUEUE_URL` or `SLOW_DELIVERIES_QUEUE_URL` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let deliveries = environment.required_variable("DELIVERIES_QUEUE_URL")?;
        Ok(Self { deliveries, slow_deliveries: environment.required_variable("SLOW_DELIVERIES_QUEUE_URL")? })
    }
}

/// The SQS queue for stream records that the publisher cannot publish.
#[derive(Clone, Debug)]
pub struct PublisherFailuresConfig {
    /// `FAILURES_QUEUE_URL`
    pub url: String,
}

impl PublisherFailuresConfig {
    /// Reads the queue's URL from the environment.
    ///
    /// # Errors
    /// When `FAILURES_QUEUE_URL` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { url: environment.required_variable("FAILURES_QUEUE_URL")? })
    }
}

/// Networks that webhooks may reach in addition to the public Internet.
#[derive(Clone, Debug, Default)]
pub struct EgressConfig {
    /// `WEBHOOK_NETWORKS`: networks in CIDR notation, separated by commas. Webhooks may reach them in addition to the
    /// public Internet, there also without TLS.
    pub reachable: EgressAllowlist,
}

impl EgressConfig {
    /// Reads the networks from the environment. Without the variable, webhooks may reach only the public Internet.
    ///
    /// # Errors
    /// When an entry of `WEBHOOK_NETWORKS` is not a network in CIDR notation.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        const ENV_VAR: &str = "WEBHOOK_NETWORKS";
        let reachable = environment.optional_variable(ENV_VAR).unwrap_or_default().parse();
        Ok(Self { reachable: reachable.map_err(|_| ConfigError::NotNetworks(ENV_VAR))? })
    }
}

/// Prefixes of regions whose endpoints do not chain to Amazon's public roots: China, the European Sovereign Cloud, and
/// isolated partitions. <https://docs.aws.amazon.com/general/latest/gr/rande.html>
const REGION_PREFIXES_WITH_OWN_ROOTS: [&str; 4] = ["cn-", "eusc-", "us-iso", "eu-iso"];

/// Root certificates that the functions trust in addition to the public ones.
#[derive(Clone, Debug)]
pub struct TrustConfig {
    /// Content of the PEM file that `AWS_CA_BUNDLE` names: for proxies, tests, and regions with root certificates of
    /// their own.
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>
    pub bundle: Option<Vec<u8>>,
}

impl TrustConfig {
    /// Reads the file that `AWS_CA_BUNDLE` names.
    ///
    /// # Errors
    /// When the file cannot be read, or `AWS_CA_BUNDLE` is missing in a region (`AWS_REGION`) that needs it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        const ENV_VAR: &str = "AWS_CA_BUNDLE";
        let bundle = environment.optional_variable(ENV_VAR).map(std::fs::read).transpose();
        let bundle = bundle.map_err(|cause| ConfigError::Unreadable(ENV_VAR, cause))?;
        let region = environment.optional_variable("AWS_REGION").unwrap_or_default();
        if bundle.is_none() && REGION_PREFIXES_WITH_OWN_ROOTS.iter().any(|partition| region.starts_with(partition)) {
            return Err(ConfigError::Untrusted(ENV_VAR, region));
        }
        Ok(Self { bundle })
    }
}

/// The token issuer whose tokens the authorizer accepts.
#[derive(Clone, Debug)]
pub struct TokenIssuerConfig {
    /// `TOKEN_ISSUER`: the `iss` claim that every token must have.
    pub issuer: String,
    /// `TOKEN_AUDIENCE`: the `aud` claim that every token must have.
    pub audience: String,
    /// `TOKEN_JWKS_URL`: URL of the issuer's JSON Web Key Set.
    pub jwks_url: String,
}

impl TokenIssuerConfig {
    /// Reads the issuer, the audience and the URL of the issuer's keys from the environment.
    ///
    /// # Errors
    /// When `TOKEN_ISSUER`, `TOKEN_AUDIENCE` or `TOKEN_JWKS_URL` is missing or empty.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: environment.required_variable("TOKEN_ISSUER")?,
            audience: environment.required_variable("TOKEN_AUDIENCE")?,
            jwks_url: environment.required_variable("TOKEN_JWKS_URL")?,
        })
    }
}

/// Configuration of the public pages: how people sign in, and from where the pages load photos.
#[derive(Clone, Debug, Default)]
pub struct PagesConfig {
    /// `TOKEN_ENDPOINT`: URL at which the local system issues a token for any user. Not set in the deployed stack.
    pub token_endpoint: Option<String>,
    /// `TOKEN_ISSUER`: the issuer at which people sign in to the console.
    pub issuer: Option<String>,
    /// `TOKEN_AUDIENCE`: the `aud` claim of the tokens that the API accepts.
    pub audience: Option<String>,
    /// `CLIENT_ID`: id of the console's public OAuth client at the issuer. Without a client, people paste a token into
    /// the console.
    pub client_id: Option<String>,
    /// `COGNITO_URL`: URL of the Amazon Cognito API. Set if the issuer is the stack's own user pool.
    pub cognito: Option<String>,
    /// `PHOTOS_URL`: prefix of the URLs of photos in S3, up to the slash after the bucket's name.
    pub photos_url: Option<String>,
}

impl PagesConfig {
    /// Reads the configuration of the public pages from the environment. Every variable is optional.
    pub fn from_environment(environment: &Environment) -> Self {
        Self {
            token_endpoint: environment.optional_variable("TOKEN_ENDPOINT"),
            issuer: environment.optional_variable("TOKEN_ISSUER"),
            audience: environment.optional_variable("TOKEN_AUDIENCE"),
            client_id: environment.optional_variable("CLIENT_ID"),
            cognito: environment.optional_variable("COGNITO_URL"),
            photos_url: environment.optional_variable("PHOTOS_URL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_missing() {
        let environment = Environment::from_lookup(|name| (name == "TABLE_NAME").then(String::new));
        assert!(matches!(TableConfig::from_environment(&environment), Err(ConfigError::Missing("TABLE_NAME"))));
    }

    #[test]
    fn a_services_endpoint_overrides_the_common_one() {
        let environment = Environment::from_lookup(|name| match name {
            "AWS_ENDPOINT_URL" => Some("http://all".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://dynamodb".to_owned()),
            _ => None,
        });
        let endpoint = |service| {
            let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
            key.build().ok().and_then(|key| environment.load_config(key))
        };
        assert_eq!(endpoint("DynamoDB").as_deref(), Some("http://dynamodb"));
        assert_eq!(endpoint("S3").as_deref(), Some("http://all"));
    }

    #[test]
    fn an_unreadable_certificate_bundle_is_a_config_error() {
        let environment =
            Environment::from_lookup(|name| (name == "AWS_CA_BUNDLE").then(|| "/nowhere/ca.pem".to_owned()));
        let refused = TrustConfig::from_environment(&environment).map(|config| config.bundle);
        assert!(matches!(refused, Err(ConfigError::Unreadable("AWS_CA_BUNDLE", _))));
    }

    #[test]
    fn a_region_with_own_roots_requires_a_ca_bundle() {
        let of = |region: &'static str| {
            TrustConfig::from_environment(&Environment::from_lookup(move |name| {
                (name == "AWS_REGION").then(|| region.to_owned())
            }))
        };
        assert!(of("eu-west-1").is_ok() && of("us-gov-west-1").is_ok());
        for region in ["cn-north-1", "eusc-de-east-1", "us-isob-east-1"] {
            let refused = of(region).map(|_| ()).map_err(|error| error.to_string());
            assert!(refused.is_err_and(|message| message.contains(region) && message.contains("AWS_CA_BUNDLE")));
        }
    }
}
