use std::time::Duration;

use shared::api::RequestBody as _;
use shared::domain::error::Error;
use shared::domain::{EgressAllowlist, ErrorCode, FieldError, WebhookInput, WebhookUrl};
use shared::platform::resolver::DnsResolver;
use tokio::time::timeout;

/// Timeout for resolving the host name of a webhook's URL.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks whether webhooks may send to a URL.
#[derive(Clone, Debug)]
pub struct DestinationCheck {
    /// Networks that the operator allows in addition to the public Internet.
    pub reachable: EgressAllowlist,
    /// Resolver of host names.
    pub resolver: DnsResolver,
}

impl DestinationCheck {
    /// Refuses a URL whose host resolves to a forbidden address. A host name that does not resolve is accepted with
    /// `https`, and refused with `http`. The sender checks the address again at every delivery.
    pub(crate) async fn refuse_forbidden_url(&self, url: &WebhookUrl) -> Result<(), Error> {
        let addresses = match url.ip_address_of_host() {
            Some(address) => vec![address],
            None => match timeout(RESOLVE_TIMEOUT, self.resolver.resolve_host_name(url.host())).await {
                Ok(Ok(addresses)) => addresses,
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
        };
        let may_be_sent_in_the_open = !url.is_plain_http() || !addresses.is_empty();
        if may_be_sent_in_the_open && addresses.iter().all(|address| url.may_connect_to(*address, &self.reachable)) {
            return Ok(());
        }
        let fault = if url.is_plain_http() {
            ErrorCode::InvalidFormat.with_message("must begin with https://")
        } else {
            ErrorCode::AddressNotPublic.with_message("must lead to a public address")
        };
        Err(Error::invalid_fields(WebhookInput::INVALID_BODY_MESSAGE, vec![FieldError::new("url", fault)]))
    }
}
