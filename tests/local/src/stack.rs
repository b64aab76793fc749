//! The local system: starts and connects the gateway, the functions, the emulators and the event sources.

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
use shared::domain::Timestamp;
use shared::platform::photos::PhotoBucket;
use shared::platform::resolver::DnsResolver;
use shared::store::Table;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::SimulatedClock;
use crate::fault_injector::FaultInjector;
use crate::functions::{LambdaFunctions, SdkClients};
use crate::gateway::Gateway;
use crate::issuer::{TOKEN_AUDIENCE, TokenIssuer};
use crate::lineage;
use crate::permissions::UsedPermissions;
use crate::queue::{LocalQueues, QueuePollerConfig};
use crate::stream::{EventFilters, StreamPoller};
use crate::template::{EventSource, SamTemplate};
use crate::{demo, storage};

/// Maximum size of a request body that the server reads. The gateway's own limit is lower and is checked afterwards.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;
const PHOTO_BUCKET_NAME: &str = "leads-photos";
/// Pause before the stream is polled again after a failure.
const STREAM_RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Interval between runs of the clean-up.
const CLEANUP_PERIOD: Duration = Duration::from_secs(15 * 60);
/// A timeout so long that no invocation reaches it.
const NO_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Configuration of a local system.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// IP address that the gateway and the emulators listen on.
    pub bind: IpAddr,
    /// Port of the gateway. DynamoDB, S3 and SQS use the next three ports. 0 selects free ports.
    pub port: u16,
    /// Folder for all data. Without a folder, data is in memory and in a temporary folder, and is lost at the end.
    pub data: Option<PathBuf>,
    /// Whether to write the demo team's data into a new table.
    pub demo: bool,
    /// Endpoint of a DynamoDB to use instead of the embedded one.
    pub dynamodb: Option<String>,
    /// Name of the DynamoDB table.
    pub table: String,
    /// Whether functions have no timeouts for DynamoDB. On a busy machine the emulator may be slower than the timeouts,
    /// and a cancelled try leaves a gap in the ids.
    pub patient: bool,
    /// Timeout of the functions that the gateway invokes. `None` stands for the template's default.
    pub timeout: Option<Duration>,
    /// Whether tests can inject faults into the functions' requests to DynamoDB and S3.
    pub inject_faults: bool,
    /// Whether the stream and the queues invoke their functions, so that events are published and delivered.
    pub events: bool,
    /// Probability (0 to 1) of each fault between a write and the delivery of its event: a function is killed, a
    /// request to a queue fails, its answer is lost, or a message is duplicated.
    pub event_faults: f64,
    /// DNS resolver for the hosts of webhooks.
    pub resolver: DnsResolver,
    /// Networks in CIDR notation, separated by commas, that webhooks may reach in addition to the public Internet.
    pub webhook_networks: String,
}

impl StackOptions {
    fn port_above_base(&self, n: u16) -> u16 {
        if self.port == 0 { 0 } else { self.port.saturating_add(n) }
    }
}

impl Default for StackOptions {
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
            inject_faults: false,
            events: false,
            event_faults: 0.0,
            resolver: DnsResolver::system_resolver(),
            webhook_networks: String::new(),
        }
    }
}

/// A running local system.
pub struct LocalStack {
    /// Address that the gateway listens on.
    pub address: SocketAddr,
    /// URL at which this machine reaches the gateway.
    pub url: String,
    /// URL of the DynamoDB endpoint.
    pub dynamodb: String,
    /// URL of the S3 endpoint.
    pub s3: String,
    /// URL of the SQS endpoint.
    pub sqs: String,
    /// Name of the DynamoDB table.
    pub table: String,
    /// Name of the S3 bucket.
    pub bucket: String,
    /// The fault injectors of DynamoDB and of S3. `None` unless [`StackOptions::inject_faults`] is set.
    pub fault_injectors: Option<(FaultInjector, FaultInjector)>,
    /// The AWS actions that the functions have used.
    pub usage: UsedPermissions,
    /// The emulated SQS queues.
    pub queues: LocalQueues,
    /// The clock of the queues, and of the functions that event sources invoke.
    pub clock: SimulatedClock,
    gateway: Arc<Gateway>,
    sources: Vec<EventSourceToPoll>,
    event_faults: f64,
    listener: Option<TcpListener>,
    /// Lock on the data folder, which keeps other processes out.
    _lock: Option<File>,
    /// Temporary folder of the S3 objects, removed on drop.
    _objects: Option<TempDir>,
}

impl LocalStack {
    /// Starts everything and invokes the clean-up once. The gateway answers connections only while [`LocalStack::serve_connections`]
    /// runs.
    pub async fn start_stack(options: StackOptions) -> Result<Self> {
        let listener = storage::bind_tcp_listener(options.bind, options.port).await?;
        let address = listener.local_addr()?;
        if let Some(data) = &options.data {
            std::fs::create_dir_all(data).with_context(|| format!("cannot use {}", data.display()))?;
        }
        let data = options.data.as_deref();
        let lock = data.map(lock_folder).transpose()?;
        let objects = if data.is_none() { Some(TempDir::new()?) } else { None };
        let folder = data.map(|data| data.join("s3")).or_else(|| objects.as_ref().map(|dir| dir.path().to_owned()));
        let dynamodb = match &options.dynamodb {
            Some(endpoint) => endpoint.clone(),
            None => {
                let at =
                    storage::start_dynamodb(options.bind, options.port_above_base(1), data, options.events).await?;
                format!("http://{}", local_address(at))
            }
        };
        let template = SamTemplate::compiled_in()?;
        let origins = template.bucket_origins(&HashMap::new())?;
        let folder = folder.context("no folder for objects")?;
        let at = storage::start_s3(options.bind, options.port_above_base(2), &folder, &origins).await?;
        // Callers open photo URLs on their own machines, so the S3 endpoint has an address that other machines can
        // reach.
        let s3 = format!("http://{}", network_address(at));
        let clock = SimulatedClock::default();
        let kept = data.map(|data| data.join("sqs"));
        let (queues, at) = LocalQueues::start_sqs(
            options.bind,
            options.port_above_base(3),
            template.queue_properties(),
            clock.clone(),
            options.event_faults,
            kept,
        )
        .await?;
        let sqs = format!("http://{}", local_address(at));
        let timeouts =
            if options.patient { TimeoutConfig::disabled() } else { shared::platform::aws::timeout_config() };
        let fault_injectors = options.inject_faults.then(<(FaultInjector, FaultInjector)>::default);
        let (table_faults, bucket_faults) = fault_injectors.as_ref().map(|(table, bucket)| (table, bucket)).unzip();
        let http_client = |faults: Option<&FaultInjector>| match faults {
            Some(faults) => faults.wrap_client(storage::http_client()),
            None => storage::http_client(),
        };
        let mut dynamodb_client = storage::dynamodb_sdk_client(&dynamodb, http_client(table_faults), timeouts);
        if let Some(faults) = table_faults {
            let counted = dynamodb_client.config().to_builder().interceptor(faults.in_flight_interceptor());
            dynamodb_client = aws_sdk_dynamodb::Client::from_conf(counted.build());
        }
        let clients = SdkClients {
            dynamodb: dynamodb_client,
            s3: storage::s3_sdk_client(&s3, http_client(bucket_faults)),
            sqs: storage::sqs_sdk_client(&sqs),
            resolver: options.resolver.clone(),
            photos_url: format!("{s3}/{PHOTO_BUCKET_NAME}/"),
        };
        let new = storage::create_table(&clients.dynamodb, &template, &options.table, options.events).await?;
        storage::create_bucket(&clients.s3, PHOTO_BUCKET_NAME).await?;
        if new && options.demo {
            let table = Table::new(clients.dynamodb.clone(), &options.table);
            demo::write_demo_data(&table, &PhotoBucket::new(clients.s3.clone(), PHOTO_BUCKET_NAME)).await?;
        }

        let url = format!("http://{}", local_address(address));
        let issuer = TokenIssuer::load_or_create(format!("{url}/local"), data)?;
        let urls =
            template.queue_properties().into_keys().map(|name| (name.clone(), LocalQueues::queue_url(&sqs, &name)));
        let references: HashMap<String, String> = [
            ("AWS::Region".to_owned(), storage::AWS_REGION.to_owned()),
            ("AWS::URLSuffix".to_owned(), "amazonaws.com".to_owned()),
            ("AWS::StackName".to_owned(), "local".to_owned()),
            ("Table".to_owned(), options.table.clone()),
            ("Bucket".to_owned(), PHOTO_BUCKET_NAME.to_owned()),
            ("TokenIssuer".to_owned(), issuer.issuer_url().to_owned()),
            ("TokenAudience".to_owned(), TOKEN_AUDIENCE.to_owned()),
            ("SignInClientId".to_owned(), TOKEN_AUDIENCE.to_owned()),
            ("TokenJwksUrl".to_owned(), format!("{}/.well-known/jwks.json", issuer.issuer_url())),
            ("WebhookNetworks".to_owned(), options.webhook_networks),
        ]
        .into_iter()
        .chain(urls)
        .collect();
        let usage = UsedPermissions::default();
        let timeout = match options.timeout {
            Some(timeout) => timeout,
            None if options.patient => NO_TIMEOUT,
            None => Duration::from_secs(template.default_timeout_seconds()?),
        };
        let functions = LambdaFunctions::build_functions(&template, &references, &clients, &usage, timeout)?;
        let gateway = Arc::new(Gateway::new(&template, &references, functions, issuer)?);
        // Handles tasks that became due while no stack ran. A failure is logged, and the next clean-up finds the rest.
        gateway.invoke_clean_up(Timestamp::from(jiff::Timestamp::now())).await.ok();
        let mut sources = Vec::new();
        if options.events {
            for source in template.event_sources()? {
                let stream = match source.queue {
                    Some(_) => None,
                    None => {
                        let arn = storage::stream_arn(&clients.dynamodb, &options.table).await?;
                        let checkpoint = data.map(|data| data.join("stream.json"));
                        let filters = EventFilters(source.filters.clone());
                        Some(StreamPoller::new(dynamodb.clone(), arn, checkpoint, filters, source.batch))
                    }
                };
                sources.push(EventSourceToPoll { source, stream });
            }
        }
        Ok(Self {
            address,
            url,
            dynamodb,
            s3,
            sqs,
            table: options.table,
            bucket: PHOTO_BUCKET_NAME.to_owned(),
            fault_injectors,
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

    /// The gateway, which can be called without a network connection.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// A DynamoDB client without injected faults, and without timeouts because tests read whole tables.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        storage::dynamodb_sdk_client(&self.dynamodb, storage::http_client(), TimeoutConfig::disabled())
    }

    /// An S3 client without injected faults.
    pub fn s3_client(&self) -> aws_sdk_s3::Client {
        storage::s3_sdk_client(&self.s3, storage::http_client())
    }

    /// Answers connections until `stop` completes, then finishes the requests in progress. Meanwhile invokes the
    /// clean-up on schedule and runs the event sources.
    pub async fn serve_connections(&mut self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let listener = self.listener.take().context("it serves already")?;
        let gateway = Arc::clone(&self.gateway);
        let schedule = tokio::spawn(async move {
            loop {
                tokio::time::sleep(CLEANUP_PERIOD).await;
                gateway.invoke_clean_up(Timestamp::from(jiff::Timestamp::now())).await.ok();
            }
        });
        let sources = self.start_pollers();
        let service = axum::Router::new().fallback(handle_http_request).with_state(Arc::clone(&self.gateway));
        let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
        schedule.abort();
        drop(sources);
        Ok(served?)
    }

    /// Starts the pollers of the stream and of the queues. The pollers stop when the returned set is dropped.
    fn start_pollers(&mut self) -> JoinSet<()> {
        let (mut running, faults) = (JoinSet::new(), self.event_faults);
        for EventSourceToPoll { source, stream } in self.sources.drain(..) {
            let (gateway, clock, queues) = (Arc::clone(&self.gateway), self.clock.clone(), self.queues.clone());
            let EventSource { function, queue, batch, at_once, allows_loops, .. } = source;
            let poller = QueuePollerConfig { batch, at_once, allows_loops };
            let invoked = function.clone();
            let invoke = move |turns, event| {
                let (gateway, function, now) = (Arc::clone(&gateway), invoked.clone(), clock.current_time());
                let ends =
                    if fastrand::f64() < faults { Duration::from_millis(fastrand::u64(..40)) } else { NO_TIMEOUT };
                // A Tokio task of its own, so that a panic fails only this invocation.
                let invocation = lineage::with_turns(turns, async move {
                    timeout(ends, gateway.invoke_by_event_source(&function, event, now)).await?
                });
                async move { tokio::spawn(invocation).await? }
            };
            match (stream, queue) {
                (Some(stream), _) => {
                    let actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
                    self.usage.record_actions(&function, "dynamodb", &actions, "Table.StreamArn");
                    running.spawn(async move {
                        loop {
                            if let Err(error) = stream.poll_and_invoke(|event| invoke(0, event)).await {
                                tracing::warn!(error = format!("{error:#}"), "the stream could not be read");
                            }
                            tokio::time::sleep(STREAM_RETRY_PAUSE).await;
                        }
                    });
                }
                (None, Some(queue)) => {
                    let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
                    self.usage.record_actions(&function, "sqs", &actions, &queue);
                    running.spawn(async move { queues.poll_and_invoke(&queue, poller, invoke).await });
                }
                (None, None) => {}
            }
        }
        running
    }
}

/// An event source mapping. `stream` is `None` if the event source is a queue.
struct EventSourceToPoll {
    source: EventSource,
    stream: Option<StreamPoller>,
}

/// Locks a folder against other processes. The lock lasts until the returned file is dropped.
fn lock_folder(folder: &std::path::Path) -> Result<File> {
    let file = File::create(folder.join("lock")).with_context(|| format!("cannot use {}", folder.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another process uses {}", folder.display()),
        Err(TryLockError::Error(cause)) => Err(cause).with_context(|| format!("cannot lock {}", folder.display())),
    }
}

/// Address at which this process reaches a server that listens on `address`.
fn local_address(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

/// Address at which other machines reach a server that listens on `address`.
fn network_address(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    // Connecting a UDP socket sends nothing. The socket's local address is the one that this machine uses for outgoing
    // traffic.
    let outward = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    SocketAddr::from((outward.map_or(IpAddr::from(Ipv4Addr::LOCALHOST), |outward| outward.ip()), address.port()))
}

async fn handle_http_request(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_REQUEST_BYTES).await {
        Ok(body) => {
            // A Tokio task completes the request even if the caller disconnects, because other requests may wait for
            // data that the function fetches.
            let call = async move {
                gateway.answer_request(axum::http::Request::from_parts(parts, body)).await.map(Into::into)
            };
            let answer = tokio::spawn(call).await;
            answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}
