//! Everything started and wired together.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shared::photos::Photos;
use shared::table::Table;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::door::Door;
use crate::functions::{Clients, Functions};
use crate::gateway::Gateway;
use crate::issuer::{AUDIENCE, Issuer};
use crate::template::Template;
use crate::{demo, storage};

/// The largest request that is read at all; the gateway refuses smaller ones.
const LIMIT: usize = 32 * 1024 * 1024;
const BUCKET: &str = "leads-photos";

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 picks one.
    pub port: u16,
    /// A folder that keeps everything; in memory and a temporary folder without.
    pub data: Option<PathBuf>,
    /// Whether a new table gets the demo team's data.
    pub demo: bool,
    /// A DynamoDB that runs already, instead of the embedded one.
    pub dynamodb: Option<String>,
    /// The table's name.
    pub table: String,
    /// Whether a [`Door`] stands before the DynamoDB.
    pub door: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            data: None,
            demo: false,
            dynamodb: None,
            table: "leads".into(),
            door: false,
        }
    }
}

/// The running product.
pub struct Stack {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its DynamoDB.
    pub dynamodb: String,
    /// Its S3.
    pub s3: String,
    /// Its table's name.
    pub table: String,
    /// Its bucket's name.
    pub bucket: String,
    /// The door before its DynamoDB, if one was asked for.
    pub door: Option<Door>,
    gateway: Arc<Gateway>,
    listener: Option<TcpListener>,
    /// Holds the objects when nothing is to be kept; its removal follows the stack's.
    _objects: Option<TempDir>,
}

impl Stack {
    /// Starts everything; requests wait until [`Stack::serve`].
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind((options.bind, options.port)).await;
        let listener = listener.with_context(|| format!("cannot listen on {}:{}", options.bind, options.port))?;
        let address = listener.local_addr()?;
        if let Some(data) = &options.data {
            std::fs::create_dir_all(data).with_context(|| format!("cannot use {}", data.display()))?;
        }
        let data = options.data.as_deref();
        let objects = if data.is_none() { Some(TempDir::new()?) } else { None };
        let folder = data.map(|data| data.join("s3")).or_else(|| objects.as_ref().map(|dir| dir.path().to_owned()));
        let dynamodb = match options.dynamodb {
            Some(endpoint) => endpoint,
            None => format!("http://{}", storage::start_dynamodb(options.bind, data).await?),
        };
        let s3 =
            format!("http://{}", storage::start_s3(options.bind, &folder.context("no folder for objects")?).await?);
        let (door, endpoint) = if options.door {
            let (door, address) = Door::open(dynamodb.clone()).await?;
            (Some(door), format!("http://{address}"))
        } else {
            (None, dynamodb.clone())
        };

        let template = Template::load()?;
        let clients = Clients { dynamodb: storage::dynamodb(&endpoint, shared::aws::timeouts()), s3: storage::s3(&s3) };
        let new = storage::create_table(&clients.dynamodb, &template, &options.table).await?;
        storage::create_bucket(&clients.s3, BUCKET).await?;
        if new && options.demo {
            let table = Table::new(clients.dynamodb.clone(), &options.table);
            demo::fill(&table, &Photos::new(clients.s3.clone(), BUCKET)).await?;
        }

        let issuer = Issuer::start(format!("http://{}/local", reachable(address)), data)?;
        let references = HashMap::from([
            ("Table".to_owned(), options.table.clone()),
            ("Bucket".to_owned(), BUCKET.to_owned()),
            ("TokenIssuer".to_owned(), issuer.url().to_owned()),
            ("TokenAudience".to_owned(), AUDIENCE.to_owned()),
            ("TokenJwksUrl".to_owned(), format!("{}/.well-known/jwks.json", issuer.url())),
        ]);
        let functions = Functions::build(&template, &references, &clients)?;
        let gateway = Arc::new(Gateway::new(&template, &references, functions, issuer)?);
        Ok(Self {
            address,
            dynamodb,
            s3,
            table: options.table,
            bucket: BUCKET.to_owned(),
            door,
            gateway,
            listener: Some(listener),
            _objects: objects,
        })
    }

    /// The gateway, to call without a connection.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// A client of its DynamoDB, past the door, that waits as long as it takes: tests read whole tables.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        storage::dynamodb(&self.dynamodb, TimeoutConfig::disabled())
    }

    /// Answers connections until `stop`; those under way are finished.
    pub async fn serve(&mut self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let listener = self.listener.take().context("it serves already")?;
        let service = axum::Router::new().fallback(answer).with_state(Arc::clone(&self.gateway));
        Ok(axum::serve(listener, service).with_graceful_shutdown(stop).await?)
    }
}

/// Where a process of this machine finds what listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, LIMIT).await {
        Ok(body) => gateway.call(axum::http::Request::from_parts(parts, body)).await.map(Into::into),
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}
