//! Everything started and wired together.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shared::model::Timestamp;
use shared::photos::Photos;
use shared::resolver::Resolver;
use shared::table::Table;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::fault_proxy::FaultProxy;
use crate::functions::{Clients, Functions};
use crate::gateway::Gateway;
use crate::issuer::{AUDIENCE, Issuer};
use crate::lineage;
use crate::permissions::Usage;
use crate::queue::{Poller, Queues};
use crate::stream::{Filters, Stream};
use crate::template::{EventSource, Template};
use crate::{demo, storage};

/// The largest request that is read at all; the gateway refuses smaller ones.
const LIMIT: usize = 32 * 1024 * 1024;
const BUCKET: &str = "leads-photos";
/// How long it waits before a stream is read again that could not be.
const AGAIN: Duration = Duration::from_millis(500);
/// How often the clean-up runs.
const CLEANUP_PERIOD: Duration = Duration::from_secs(15 * 60);
/// Longer than anything that is waited for.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; DynamoDB, S3 and SQS have the three behind it. 0 picks free ones.
    pub port: u16,
    /// A folder that keeps everything; in memory and a temporary folder without.
    pub data: Option<PathBuf>,
    /// Whether a new table gets the demo team's data.
    pub demo: bool,
    /// A DynamoDB that runs already, instead of the embedded one.
    pub dynamodb: Option<String>,
    /// The table's name.
    pub table: String,
    /// Whether the functions wait for DynamoDB as long as it takes: on a busy machine an emulator may take longer than the
    /// functions' timeouts, and a try that was given up leaves a gap in the ids.
    pub patient: bool,
    /// When Lambda would end a function; the template's timeout where nothing is said.
    pub timeout: Option<Duration>,
    /// Whether a [`FaultProxy`] stands before the DynamoDB, and one before the S3.
    pub fault_proxies: bool,
    /// Whether what is written becomes events that webhooks are told of.
    pub events: bool,
    /// How often something goes wrong on the way of an event: a function is killed that an event source invokes, a request to
    /// a queue fails, its answer is lost, a message is there twice.
    pub event_faults: f64,
    /// What finds the hosts of webhooks.
    pub resolver: Resolver,
    /// What webhooks may reach beside the public Internet, in CIDR notation; nothing when deployed.
    pub webhook_networks: String,
}

impl Options {
    fn next_port(&self, n: u16) -> u16 {
        if self.port == 0 { 0 } else { self.port.saturating_add(n) }
    }
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
            patient: false,
            timeout: None,
            fault_proxies: false,
            events: false,
            event_faults: 0.0,
            resolver: Resolver::system(),
            webhook_networks: String::new(),
        }
    }
}

/// The running product.
pub struct Stack {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a browser on this machine finds it.
    pub url: String,
    /// Its DynamoDB.
    pub dynamodb: String,
    /// Its S3.
    pub s3: String,
    /// Its SQS.
    pub sqs: String,
    /// Its table's name.
    pub table: String,
    /// Its bucket's name.
    pub bucket: String,
    /// The fault-injecting proxies before its DynamoDB and its S3, if they were asked for.
    pub fault_proxies: Option<(FaultProxy, FaultProxy)>,
    /// What the functions ask of AWS.
    pub usage: Usage,
    /// Its queues.
    pub queues: Queues,
    /// What its queues and what they invoke go by.
    pub clock: Clock,
    gateway: Arc<Gateway>,
    sources: Vec<Source>,
    event_faults: f64,
    listener: Option<TcpListener>,
    /// Keeps other processes out of the folder with the data.
    _lock: Option<File>,
    /// Holds the objects when nothing is to be kept; its removal follows the stack's.
    _objects: Option<TempDir>,
}

impl Stack {
    /// Starts everything and cleans up; requests wait until [`Stack::serve`].
    pub async fn start(options: Options) -> Result<Self> {
        let listener = storage::listen(options.bind, options.port).await?;
        let address = listener.local_addr()?;
        if let Some(data) = &options.data {
            std::fs::create_dir_all(data).with_context(|| format!("cannot use {}", data.display()))?;
        }
        let data = options.data.as_deref();
        let lock = data.map(lock).transpose()?;
        let objects = if data.is_none() { Some(TempDir::new()?) } else { None };
        let folder = data.map(|data| data.join("s3")).or_else(|| objects.as_ref().map(|dir| dir.path().to_owned()));
        let dynamodb = match &options.dynamodb {
            Some(endpoint) => endpoint.clone(),
            None => {
                let at = storage::start_dynamodb(options.bind, options.next_port(1), data, options.events).await?;
                format!("http://{}", nearby(at))
            }
        };
        let template = Template::load()?;
        let origins = template.bucket_origins(&HashMap::new())?;
        let folder = folder.context("no folder for objects")?;
        let at = storage::start_s3(options.bind, options.next_port(2), &folder, &origins).await?;
        // Whoever is given a photo's URL is where the caller is.
        let s3 = format!("http://{}", reachable(at));
        let (fault_proxies, dynamodb_endpoint, s3_endpoint) = if options.fault_proxies {
            let (table, at) = FaultProxy::open(dynamodb.clone()).await?;
            let (bucket, by) = FaultProxy::open(s3.clone()).await?;
            (Some((table, bucket)), format!("http://{at}"), format!("http://{by}"))
        } else {
            (None, dynamodb.clone(), s3.clone())
        };

        let clock = Clock::default();
        let kept = data.map(|data| data.join("sqs"));
        let (queues, at) = Queues::start(
            options.bind,
            options.next_port(3),
            template.queues(),
            clock.clone(),
            options.event_faults,
            kept,
        )
        .await?;
        let sqs = format!("http://{}", nearby(at));
        let timeouts = if options.patient { TimeoutConfig::disabled() } else { shared::aws::timeouts() };
        let mut client = storage::dynamodb(&dynamodb_endpoint, timeouts);
        if let Some((table, _)) = &fault_proxies {
            let counted = client.config().to_builder().interceptor(table.in_flight());
            client = aws_sdk_dynamodb::Client::from_conf(counted.build());
        }
        let clients = Clients {
            dynamodb: client,
            s3: storage::s3(&s3_endpoint),
            sqs: storage::sqs(&sqs),
            resolver: options.resolver.clone(),
            photos_url: format!("{s3_endpoint}/{BUCKET}/"),
        };
        let new = storage::create_table(&clients.dynamodb, &template, &options.table, options.events).await?;
        storage::create_bucket(&clients.s3, BUCKET).await?;
        if new && options.demo {
            let table = Table::new(clients.dynamodb.clone(), &options.table);
            demo::fill(&table, &Photos::new(clients.s3.clone(), BUCKET)).await?;
        }

        let url = format!("http://{}", nearby(address));
        let issuer = Issuer::start(format!("{url}/local"), data)?;
        let urls = template.queues().into_keys().map(|name| (name.clone(), Queues::url(&sqs, &name)));
        let references: HashMap<String, String> = [
            ("AWS::Region".to_owned(), storage::REGION.to_owned()),
            ("AWS::URLSuffix".to_owned(), "amazonaws.com".to_owned()),
            ("AWS::StackName".to_owned(), "local".to_owned()),
            ("Table".to_owned(), options.table.clone()),
            ("Bucket".to_owned(), BUCKET.to_owned()),
            ("TokenIssuer".to_owned(), issuer.url().to_owned()),
            ("TokenAudience".to_owned(), AUDIENCE.to_owned()),
            ("SignInClientId".to_owned(), AUDIENCE.to_owned()),
            ("TokenJwksUrl".to_owned(), format!("{}/.well-known/jwks.json", issuer.url())),
            ("WebhookNetworks".to_owned(), options.webhook_networks),
        ]
        .into_iter()
        .chain(urls)
        .collect();
        let usage = Usage::default();
        let timeout = match options.timeout {
            Some(timeout) => timeout,
            None if options.patient => HOUR,
            None => Duration::from_secs(template.timeout()?),
        };
        let functions = Functions::build(&template, &references, &clients, &usage, timeout)?;
        let gateway = Arc::new(Gateway::new(&template, &references, functions, issuer)?);
        // What fell due while nothing ran. It logs its own failures, and the next hour finds again what is left.
        gateway.clean_up(Timestamp::from(jiff::Timestamp::now())).await.ok();
        let mut sources = Vec::new();
        if options.events {
            for source in template.event_sources()? {
                let stream = match source.queue {
                    Some(_) => None,
                    None => {
                        let arn = storage::stream_of(&clients.dynamodb, &options.table).await?;
                        let checkpoint = data.map(|data| data.join("stream.json"));
                        let filters = Filters(source.filters.clone());
                        Some(Stream::new(dynamodb.clone(), arn, checkpoint, filters, source.batch))
                    }
                };
                sources.push(Source { source, stream });
            }
        }
        Ok(Self {
            address,
            url,
            dynamodb,
            s3,
            sqs,
            table: options.table,
            bucket: BUCKET.to_owned(),
            fault_proxies,
            usage,
            queues,
            clock,
            gateway,
            sources,
            event_faults: options.event_faults,
            listener: Some(listener),
            _lock: lock,
            _objects: objects,
        })
    }

    /// The gateway, to call without a connection.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// A client of its DynamoDB, past the proxy, that waits as long as it takes: tests read whole tables.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        storage::dynamodb(&self.dynamodb, TimeoutConfig::disabled())
    }

    /// A client of its S3, past the proxy.
    pub fn s3_client(&self) -> aws_sdk_s3::Client {
        storage::s3(&self.s3)
    }

    /// Answers connections until `stop`; those under way are finished.
    pub async fn serve(&mut self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let listener = self.listener.take().context("it serves already")?;
        let gateway = Arc::clone(&self.gateway);
        let schedule = tokio::spawn(async move {
            loop {
                tokio::time::sleep(CLEANUP_PERIOD).await;
                gateway.clean_up(Timestamp::from(jiff::Timestamp::now())).await.ok();
            }
        });
        let sources = self.consume();
        let service = axum::Router::new().fallback(answer).with_state(Arc::clone(&self.gateway));
        let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
        schedule.abort();
        drop(sources);
        Ok(served?)
    }

    /// Invokes what the stream and the queues invoke, until what is given is dropped.
    fn consume(&mut self) -> JoinSet<()> {
        let (mut running, faults) = (JoinSet::new(), self.event_faults);
        for Source { source, stream } in self.sources.drain(..) {
            let (gateway, clock, queues) = (Arc::clone(&self.gateway), self.clock.clone(), self.queues.clone());
            let EventSource { function, queue, batch, at_once, allows_loops, .. } = source;
            let poller = Poller { batch, at_once, allows_loops };
            let invoked = function.clone();
            let invoke = move |turns, event| {
                let (gateway, function, now) = (Arc::clone(&gateway), invoked.clone(), clock.now());
                let ends = if fastrand::f64() < faults { Duration::from_millis(fastrand::u64(..40)) } else { HOUR };
                // A task of its own: a function that panics fails alone.
                let invocation =
                    lineage::within(turns, async move { timeout(ends, gateway.consume(&function, event, now)).await? });
                async move { tokio::spawn(invocation).await? }
            };
            match (stream, queue) {
                (Some(stream), _) => {
                    let actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
                    self.usage.note(&function, "dynamodb", &actions, "Table.StreamArn");
                    running.spawn(async move {
                        loop {
                            if let Err(error) = stream.poll(|event| invoke(0, event)).await {
                                tracing::warn!(error = format!("{error:#}"), "the stream could not be read");
                            }
                            tokio::time::sleep(AGAIN).await;
                        }
                    });
                }
                (None, Some(queue)) => {
                    let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
                    self.usage.note(&function, "sqs", &actions, &queue);
                    running.spawn(async move { queues.poll(&queue, poller, invoke).await });
                }
                (None, None) => {}
            }
        }
        running
    }
}

/// What invokes a function, and the stream that it reads unless that is a queue.
struct Source {
    source: EventSource,
    stream: Option<Stream>,
}

/// Takes a folder for this process alone.
fn lock(folder: &std::path::Path) -> Result<File> {
    let file = File::create(folder.join("lock")).with_context(|| format!("cannot use {}", folder.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another process uses {}", folder.display()),
        Err(TryLockError::Error(cause)) => Err(cause).with_context(|| format!("cannot lock {}", folder.display())),
    }
}

/// Where this process finds what listens on `address`.
fn nearby(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

/// Where what listens on `address` is found by other machines too, if it is on every address.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    // Nothing is sent: it tells which of this machine's addresses would be the sender's.
    let outward = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    SocketAddr::from((outward.map_or(IpAddr::from(Ipv4Addr::LOCALHOST), |outward| outward.ip()), address.port()))
}

async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, LIMIT).await {
        Ok(body) => {
            // A task of its own: a function goes on when its caller has hung up, and others may wait for what it fetches.
            let call = async move { gateway.call(axum::http::Request::from_parts(parts, body)).await.map(Into::into) };
            let answer = tokio::spawn(call).await;
            answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}
