//! Every environment variable that is ours, one struct a concern. The SDK reads its own (`AWS_*`).

use std::fmt;

/// A variable that is missing or empty: the function cannot start.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing(&'static str);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is not set", self.0)
    }
}

impl std::error::Error for Missing {}

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

    fn required(&self, name: &'static str) -> Result<String, Missing> {
        (self.0)(name).filter(|value| !value.is_empty()).ok_or(Missing(name))
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
    pub fn read(environment: &Environment) -> Result<Self, Missing> {
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
    pub fn read(environment: &Environment) -> Result<Self, Missing> {
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
        Self { namespace: environment.required("METRICS_NAMESPACE").ok() }
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
    pub fn read(environment: &Environment) -> Result<Self, Missing> {
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
        assert_eq!(TableConfig::read(&environment).map(|config| config.name), Err(Missing("TABLE_NAME")));
    }
}
