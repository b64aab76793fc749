//! DNS resolver for webhook endpoints, which leaves out forbidden addresses.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{io, vec};

use hyper_util::client::legacy::connect::dns::Name;
use lambda_http::tower::Service;
use shared::platform::resolver::DnsResolver;

/// Addresses that a host name resolved to. The port is 0.
pub(crate) type ResolvedAddresses = vec::IntoIter<SocketAddr>;

/// DNS resolver that returns only allowed addresses. The client connects to an address that was checked, whatever the
/// host name resolves to a moment later.
#[derive(Clone)]
pub(crate) struct AllowlistResolver {
    pub resolver: DnsResolver,
    pub permits: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Service<Name> for AllowlistResolver {
    type Response = ResolvedAddresses;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<ResolvedAddresses>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, permits) = (self.resolver.resolve_host_name(name.as_str()), Arc::clone(&self.permits));
        Box::pin(async move {
            let mut addresses = resolving.await?;
            addresses.retain(|address| permits(*address));
            if addresses.is_empty() {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect::<Vec<_>>().into_iter())
        })
    }
}
