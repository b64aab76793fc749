//! HTTP requests to the endpoints of webhooks. Users choose the URLs, and an endpoint may answer anything or nothing.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::SignedDuration;
use jiff::fmt::rfc2822;
use rustls::CertificateError;
use shared::domain::error::Error;
use shared::domain::{Attempt, EgressAllowlist, EventId, Timestamp, Webhook};
use shared::platform::resolver::DnsResolver;
use shared::platform::tls;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use tokio::time::timeout;

use crate::allowlist_resolver::AllowlistResolver;

/// Timeout of a delivery's HTTP request, its answer included.
pub(crate) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(15);
/// Timeout of an HTTP request from the prompt queue: how long one endpoint may delay the other deliveries.
pub(crate) const PROMPT_DELIVERY_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout for opening a connection to an endpoint.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of bytes of an answer's body that are stored with the attempt.
const MAX_STORED_BODY_BYTES: usize = 1024;
/// Maximum size of the headers of an endpoint's answer, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// How long an idle connection to an endpoint is kept open.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);

type HttpsClient = Client<HttpsConnector<HttpConnector<AllowlistResolver>>, Full<Bytes>>;

/// HTTP clients for webhook endpoints. They use no proxy, follow no redirects, and connect to allowed addresses only.
#[derive(Clone)]
pub struct EndpointClients {
    reachable: EgressAllowlist,
    /// Client for `https` URLs: connects to the public Internet and to the networks that the operator allows.
    secure: HttpsClient,
    /// Client for `http` URLs: connects only to the networks that the operator allows.
    plain: HttpsClient,
}

impl fmt::Debug for EndpointClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints").field("reachable", &self.reachable).finish_non_exhaustive()
    }
}

impl EndpointClients {
    /// Creates clients that trust public roots and the certificates of `bundle` (PEM).
    pub fn new(reachable: &EgressAllowlist, bundle: Option<&[u8]>, resolver: DnsResolver) -> Self {
        let tls = tls::client_config(bundle);
        let client = |permits: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>| {
            let mut http = HttpConnector::new_with_resolver(AllowlistResolver { resolver: resolver.clone(), permits });
            http.enforce_http(false);
            http.set_connect_timeout(Some(CONNECT_TIMEOUT));
            let https = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1();
            let mut client = Client::builder(TokioExecutor::new());
            client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_CONNECTION_TIMEOUT).pool_max_idle_per_host(2);
            client.http1_max_buf_size(MAX_HEADER_BYTES).build(https.wrap_connector(http))
        };
        let (any, named) = (reachable.clone(), reachable.clone());
        Self {
            reachable: reachable.clone(),
            secure: client(Arc::new(move |address| any.permits_address(address))),
            plain: client(Arc::new(move |address| named.is_in_allowed_network(address))),
        }
    }

    /// Posts an event to a webhook, signed according to Standard Webhooks. Returns the attempt, and the pause that the
    /// endpoint asks for with `Retry-After`. An endpoint that does not answer within `answer_timeout` is a failed
    /// attempt if that is the full 15 seconds, and `None` if it is shorter, as in the prompt queue.
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
    ///
    /// # Errors
    /// 500 when the event cannot be signed. A failure of the endpoint is an attempt, not an error.
    pub async fn post_event(
        &self,
        webhook: &Webhook,
        id: &EventId,
        json: &str,
        at: Timestamp,
        answer_timeout: Duration,
    ) -> Result<Option<(Attempt, Option<SignedDuration>)>, Error> {
        let request = signed_request(webhook, id, json, at)?;
        let began = Instant::now();
        let answer = match webhook.url.ip_address_of_host() {
            // The resolver never sees a host that is an IP address, so the address is checked here.
            Some(address) if !webhook.url.may_connect_to(address, &self.reachable) => Err(FORBIDDEN_ADDRESS_REASON),
            _ => match timeout(answer_timeout, self.send_request(webhook, request)).await {
                Ok(answer) => answer,
                Err(_) if answer_timeout < DELIVERY_TIMEOUT => return Ok(None),
                Err(_) => Err(NO_ANSWER_REASON),
            },
        };
        let duration = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Some(match answer {
            Ok(EndpointAnswer { status, retry_after, body }) => {
                let retry_after = retry_after.and_then(|text| parse_retry_after(&text, at));
                (Attempt { at, status: Some(status), duration, response: body, error: None }, retry_after)
            }
            Err(error) => {
                let error = Some(error.to_owned());
                (Attempt { at, status: None, duration, response: String::new(), error }, None)
            }
        }))
    }

    async fn send_request(
        &self,
        webhook: &Webhook,
        request: Request<Full<Bytes>>,
    ) -> Result<EndpointAnswer, &'static str> {
        let client = if webhook.url.is_plain_http() { &self.plain } else { &self.secure };
        let answer = client.request(request).await.map_err(|error| failure_reason(&error))?;
        let retry_after = retry_after_header(answer.headers());
        Ok(EndpointAnswer { status: answer.status().as_u16(), retry_after, body: read_start_of_body(answer).await })
    }
}

/// Answer of an endpoint to a delivery.
struct EndpointAnswer {
    status: u16,
    retry_after: Option<String>,
    body: String,
}

/// `error` of an attempt that had no answer within 15 seconds.
pub(crate) const NO_ANSWER_REASON: &str = "no answer in 15 seconds";
const FORBIDDEN_ADDRESS_REASON: &str = "the address is not public";

/// Returns the `error` of an attempt without an answer, for the webhook's owner. The text discloses no detail of the
/// network.
fn failure_reason(error: &ClientError) -> &'static str {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(fault) = error.downcast_ref::<rustls::Error>() {
            return tls_failure_reason(fault);
        }
        cause = match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::PermissionDenied => return FORBIDDEN_ADDRESS_REASON,
            // `io::Error::source` skips the error that the `io::Error` wraps.
            Some(error) => error.get_ref().map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source()),
            None => error.source(),
        };
    }
    if error.is_connect() { "no connection" } else { "the connection broke, or the answer was not HTTP" }
}

const TLS_FAILURE_REASON: &str = "TLS failed";

/// Returns the `error` of an attempt whose TLS handshake failed. For a bad certificate the text says what is wrong, so
/// that the endpoint's owner can fix the certificate.
fn tls_failure_reason(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(fault) = error else { return TLS_FAILURE_REASON };
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another name"
        }
        CertificateError::UnknownIssuer => "the certificate is not trusted: nobody knows its issuer",
        _ => "the certificate is not trusted",
    }
}

fn signed_request(webhook: &Webhook, id: &EventId, json: &str, at: Timestamp) -> Result<Request<Full<Bytes>>, Error> {
    let fault = |error: &dyn StdError| Error::caused_by("an event cannot be signed", error);
    let seconds = at.as_second();
    let sign = |secret: &str| {
        let key = standardwebhooks::Webhook::new(secret)?;
        key.sign(id.as_str(), i64::try_from(seconds).unwrap_or(i64::MAX), json.as_bytes())
    };
    let signatures = webhook.signing_secrets(at).map(|secret| sign(secret.reveal_secret()));
    let signatures: Vec<String> = signatures.collect::<Result<_, _>>().map_err(|error| fault(&error))?;
    Request::post(webhook.url.uri())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("leads-api/", env!("CARGO_PKG_VERSION")))
        .header(HEADER_WEBHOOK_ID, id.as_str())
        .header(HEADER_WEBHOOK_TIMESTAMP, seconds)
        .header(HEADER_WEBHOOK_SIGNATURE, signatures.join(" "))
        .body(Full::new(Bytes::from(json.to_owned())))
        .map_err(|error| fault(&error))
}

/// Reads the first 1,024 bytes of an answer's body, or as many as arrive within a second. Invalid UTF-8 is replaced.
async fn read_start_of_body(answer: Response<Incoming>) -> String {
    let (mut body, mut beginning) = (answer.into_body(), Vec::new());
    let reading = async {
        while beginning.len() < MAX_STORED_BODY_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            beginning.extend(frame.data_ref().into_iter().flatten().take(MAX_STORED_BODY_BYTES - beginning.len()));
        }
    };
    timeout(Duration::from_secs(1), reading).await.ok();
    String::from_utf8_lossy(&beginning).into_owned()
}

fn retry_after_header(headers: &HeaderMap) -> Option<String> {
    headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Parses the header `Retry-After`, seconds or a date, to a pause (RFC 9110, section 10.2.3). `None` for other text.
fn parse_retry_after(text: &str, now: Timestamp) -> Option<SignedDuration> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let until = Timestamp::from(rfc2822::parse(text.trim()).ok()?.timestamp());
    Some(SignedDuration::from_millis(until.as_millisecond().saturating_sub(now.as_millisecond()).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap_or_default();
        assert_eq!(parse_retry_after("120", now), Some(SignedDuration::from_secs(120)));
        assert_eq!(parse_retry_after("Thu, 26 Nov 2026 12:01:00 GMT", now), Some(SignedDuration::from_secs(60)));
        assert_eq!(parse_retry_after("Thu, 26 Nov 2026 11:00:00 GMT", now), Some(SignedDuration::ZERO));
        assert_eq!((parse_retry_after("soon", now), parse_retry_after("-1", now)), (None, None));
    }
}
