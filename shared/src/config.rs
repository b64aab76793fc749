//! Every environment variable that we read, one struct a concern. The SDK reads its own (`AWS_*`).

use std::{fmt, io};

/// A variable that a function cannot start with.
#[derive(Debug)]
pub enum Misconfigured {
    /// It is missing or empty.
    Missing(&'static str),
    /// It names a file that cannot be read.
    Unreadable(&'static str, io::Error),
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the environment variable {name} is not set"),
            Self::Unreadable(name, cause) => write!(f, "the file that {name} names: {cause}"),
        }
    }
}

impl std::error::Error for Misconfigured {}

type Lookup = dyn Fn(&str) -> Option<String>;

/// Where variables come from.
pub struct Environment(Box<Lookup>);

impl Environment {
    /// This process's.
    pub fn process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Any other's.
    pub fn of(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self(Box::new(lookup))
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, Misconfigured> {
        self.optional(name).ok_or(Misconfigured::Missing(name))
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct TableConfig {
    /// `TABLE_NAME`
    pub name: String,
}

impl TableConfig {
    /// # Errors
    /// When a variable is missing.
    pub fn read(environment: &Environment) -> Result<Self, Misconfigured> {
        Ok(Self { name: environment.required("TABLE_NAME")? })
    }
}

/// The bucket of photos.
#[derive(Clone, Debug)]
pub struct PhotosConfig {
    /// `BUCKET_NAME`
    pub bucket: String,
}

impl PhotosConfig {
    /// # Errors
    /// When a variable is missing.
    pub fn read(environment: &Environment) -> Result<Self, Misconfigured> {
        Ok(Self { bucket: environment.required("BUCKET_NAME")? })
    }
}

/// Where metrics go.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// `METRICS_NAMESPACE`: the namespace in CloudWatch; without it there are no metrics.
    pub namespace: Option<String>,
}

impl MetricsConfig {
    /// What the environment says.
    pub fn read(environment: &Environment) -> Self {
        Self { namespace: environment.optional("METRICS_NAMESPACE") }
    }
}

/// Which servers are trusted besides those that are anyway.
#[derive(Clone, Debug)]
pub struct TrustConfig {
    /// The file that `AWS_CA_BUNDLE` names: certificates as PEM, for proxies and tests.
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>
    pub bundle: Option<Vec<u8>>,
}

impl TrustConfig {
    /// # Errors
    /// When the file cannot be read.
    pub fn read(environment: &Environment) -> Result<Self, Misconfigured> {
        const NAME: &str = "AWS_CA_BUNDLE";
        let bundle = environment.optional(NAME).map(std::fs::read).transpose();
        Ok(Self { bundle: bundle.map_err(|cause| Misconfigured::Unreadable(NAME, cause))? })
    }
}

/// Whose tokens are accepted.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    /// `TOKEN_ISSUER`: what `iss` must be.
    pub issuer: String,
    /// `TOKEN_AUDIENCE`: what `aud` must be or hold.
    pub audience: String,
    /// `TOKEN_JWKS_URL`: where the issuer's keys are.
    pub jwks_url: String,
}

impl IssuerConfig {
    /// # Errors
    /// When a variable is missing.
    pub fn read(environment: &Environment) -> Result<Self, Misconfigured> {
        Ok(Self {
            issuer: environment.required("TOKEN_ISSUER")?,
            audience: environment.required("TOKEN_AUDIENCE")?,
            jwks_url: environment.required("TOKEN_JWKS_URL")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_a_missing_one() {
        let environment = Environment::of(|name| (name == "TABLE_NAME").then(String::new));
        assert!(matches!(TableConfig::read(&environment), Err(Misconfigured::Missing("TABLE_NAME"))));
    }

    #[test]
    fn a_bundle_that_is_not_there_is_said() {
        let environment = Environment::of(|name| (name == "AWS_CA_BUNDLE").then(|| "/nowhere/ca.pem".to_owned()));
        let refused = TrustConfig::read(&environment).map(|config| config.bundle);
        assert!(matches!(refused, Err(Misconfigured::Unreadable("AWS_CA_BUNDLE", _))));
    }
}
