//! DNS resolution of the host names in webhooks' URLs, which users choose.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::{fmt, io};

type ResolveFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Resolves host names.
#[derive(Clone)]
pub struct DnsResolver(Arc<dyn Fn(String) -> ResolveFuture + Send + Sync>);

impl DnsResolver {
    /// A resolver that asks the operating system.
    pub fn system_resolver() -> Self {
        Self::from_fn(|name| async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }

    /// A resolver that calls the function `resolve`, for tests without DNS.
    pub fn from_fn<F>(resolve: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |name| Box::pin(resolve(name))))
    }

    /// Resolves a host name to its IP addresses.
    pub fn resolve_host_name(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send + use<> {
        (self.0)(name.to_owned())
    }
}

impl fmt::Debug for DnsResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver(..)")
    }
}
