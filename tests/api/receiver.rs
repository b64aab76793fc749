//! A local HTTP server that receives webhook deliveries and answers each path as the test chooses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// How the receiver answers requests to a path.
#[derive(Clone, Debug, Default)]
pub(crate) enum EndpointBehaviour {
    /// Answers 204 at once.
    #[default]
    Well,
    /// Answers this status with this body.
    Answer(u16, String),
    /// Answers 503 with this `Retry-After`.
    Busy(String),
    /// Redirects with 302 to this URL.
    Redirect(String),
    /// Answers 204 after this duration.
    Slow(Duration),
    /// Answers 200 with an endless body.
    Endless,
    /// Answers 200 with a header of this many bytes.
    Headers(usize),
}

/// A request that the receiver has got.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedRequest {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Instant,
}

impl ReceivedRequest {
    pub(crate) fn json_body(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header_text(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    /// Whether one of the request's signatures was made with this webhook secret.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let timestamp = self.header_text("webhook-timestamp").parse().expect("seconds");
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        let signature = webhook.sign(self.header_text("webhook-id"), timestamp, &self.body).expect("a signature");
        self.header_text("webhook-signature").split(' ').any(|one| one == signature)
    }
}

#[derive(Default)]
struct ReceiverState {
    behaviours: Mutex<HashMap<String, EndpointBehaviour>>,
    delivered: Mutex<Vec<ReceivedRequest>>,
}

/// The running server. Paths on its port stand for the endpoints of different webhooks.
#[derive(Clone)]
pub(crate) struct WebhookReceiver {
    pub url: String,
    shared: Arc<ReceiverState>,
}

impl WebhookReceiver {
    pub(crate) async fn start_receiver() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(ReceiverState::default());
        let service = Router::new().fallback(record_and_answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { url, shared }
    }

    /// Starts an endpoint with a self-signed certificate and returns its URL.
    pub(crate) async fn start_with_untrusted_certificate() -> String {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.into()], key.into());
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(acceptor.accept(client));
            }
        });
        url
    }

    /// Sets how the receiver answers requests to a path from now on.
    pub(crate) fn set_path_behaviour(&self, path: &str, behaviour: EndpointBehaviour) {
        self.shared.behaviours.lock().expect("behaviours").insert(path.to_owned(), behaviour);
    }

    /// The requests to a path so far, in the order of their arrival.
    pub(crate) fn at(&self, path: &str) -> Vec<ReceivedRequest> {
        let delivered = self.shared.delivered.lock().expect("what came");
        delivered.iter().filter(|one| one.path == path).cloned().collect()
    }
}

async fn record_and_answer(
    State(shared): State<Arc<ReceiverState>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(method, Method::POST);
    let path = uri.path().to_owned();
    let behaviour = shared.behaviours.lock().expect("behaviours").get(&path).cloned().unwrap_or_default();
    shared.delivered.lock().expect("what came").push(ReceivedRequest { path, headers, body, at: Instant::now() });
    match behaviour {
        EndpointBehaviour::Well => StatusCode::NO_CONTENT.into_response(),
        EndpointBehaviour::Answer(status, body) => {
            (StatusCode::from_u16(status).expect("a status"), body).into_response()
        }
        EndpointBehaviour::Busy(later) => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", later)]).into_response(),
        EndpointBehaviour::Redirect(to) => (StatusCode::FOUND, [("location", to)]).into_response(),
        EndpointBehaviour::Slow(pause) => {
            tokio::time::sleep(pause).await;
            StatusCode::NO_CONTENT.into_response()
        }
        EndpointBehaviour::Endless => {
            let drips = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 100])), ()))
            });
            Body::from_stream(drips).into_response()
        }
        EndpointBehaviour::Headers(bytes) => ([("x-large", "x".repeat(bytes))], StatusCode::OK).into_response(),
    }
}
