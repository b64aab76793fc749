//! Starts the embedded DynamoDB and S3, each on its own port, and creates clients of DynamoDB, S3 and SQS.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::http::{HeaderValue, header};
use dynoxide::Database;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use crate::template::SamTemplate;

/// Access key id and secret key of the emulators.
pub(crate) const ACCESS_KEY: &str = "local";
pub(crate) const AWS_REGION: &str = "us-east-1";

/// SQLite index on stream records. Without the index, the embedded DynamoDB reads a whole stream for each record that
/// it adds.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_records_by_sequence_number
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

fn fake_credentials() -> Credentials {
    Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local")
}

/// Listens on a port. Port 0 selects a free port.
pub(crate) async fn bind_tcp_listener(bind: IpAddr, port: u16) -> Result<TcpListener> {
    TcpListener::bind((bind, port)).await.with_context(|| format!("cannot listen on {bind}:{port}"))
}

/// Starts an embedded DynamoDB, in memory or in a file in the folder `data`. With `stream`, adds [`STREAM_INDEX`],
/// without which every new stream record costs a read of the whole stream.
pub(crate) async fn start_dynamodb(bind: IpAddr, port: u16, data: Option<&Path>, stream: bool) -> Result<SocketAddr> {
    let file = data.map(|folder| folder.join("dynamodb.sqlite").to_string_lossy().into_owned());
    let place = match file {
        None if stream => Some(format!("file:leads-{:032x}?mode=memory&cache=shared", fastrand::u128(..))),
        file => file,
    };
    let database = place.as_ref().map_or_else(Database::memory, |place| Database::new(place));
    let database = database.map_err(|e| anyhow::anyhow!("the embedded DynamoDB: {e}"))?;
    if let Some(place) = place.filter(|_| stream) {
        rusqlite::Connection::open(place)?.execute_batch(STREAM_INDEX).context("the index of the stream")?;
    }
    let listener = bind_tcp_listener(bind, port).await?;
    let address = listener.local_addr()?;
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Ok(address)
}

/// Starts an embedded S3, which stores its objects in `folder`. Every response allows the CORS origins in `origins`.
pub(crate) async fn start_s3(bind: IpAddr, port: u16, folder: &Path, origins: &str) -> Result<SocketAddr> {
    let allowed = HeaderValue::from_str(origins)?;
    std::fs::create_dir_all(folder)?;
    let files = FileSystem::new(folder).map_err(|e| anyhow::anyhow!("the embedded S3: {e:?}"))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, ACCESS_KEY));
    let service = service.build();
    let listener = bind_tcp_listener(bind, port).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (service, allowed) = (service.clone(), allowed.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let answer = service_fn(|request: hyper::Request<Incoming>| {
                    let (service, allowed) = (service.clone(), allowed.clone());
                    async move {
                        let mut answer = service.call(request.map(s3s::Body::from)).await?;
                        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
                        Ok::<_, s3s::HttpError>(answer)
                    }
                });
                // An error is ignored here: if a connection breaks, its client fails and reports it.
                server.serve_connection(TokioIo::new(stream), answer).await.ok();
            });
        }
    });
    Ok(address)
}

/// The HTTP client, without TLS, of the SDK clients for the emulators.
pub(crate) fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// Creates a DynamoDB client with the given timeouts and the retries that the functions use.
pub(crate) fn dynamodb_sdk_client(
    endpoint: &str,
    http: SharedHttpClient,
    timeouts: TimeoutConfig,
) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(AWS_REGION))
        .credentials_provider(fake_credentials())
        .endpoint_url(endpoint)
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(shared::platform::aws::retry_config())
        .interceptor(shared::platform::consumed_capacity::CapacityMeter);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// Creates an S3 client with the timeouts and retries that the functions use.
pub(crate) fn s3_sdk_client(endpoint: &str, http: SharedHttpClient) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(AWS_REGION))
        .credentials_provider(fake_credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .http_client(http)
        .timeout_config(shared::platform::aws::timeout_config())
        .retry_config(shared::platform::aws::retry_config());
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Creates an SQS client with the timeouts and retries that the functions use.
pub(crate) fn sqs_sdk_client(endpoint: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(AWS_REGION))
        .credentials_provider(fake_credentials())
        .endpoint_url(endpoint)
        .http_client(http_client())
        .timeout_config(shared::platform::aws::timeout_config())
        .retry_config(shared::platform::aws::retry_config());
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// ARN of a table's stream.
pub(crate) async fn stream_arn(client: &aws_sdk_dynamodb::Client, name: &str) -> Result<String> {
    let described = client.describe_table().table_name(name).send().await.context("describing the table")?;
    let stream = described.table().and_then(|table| table.latest_stream_arn());
    Ok(stream.context("the table has no stream: it is from before there were events")?.to_owned())
}

/// Creates the template's table unless the table exists. Returns whether the table is new. `stream` adds the template's
/// stream.
pub(crate) async fn create_table(
    client: &aws_sdk_dynamodb::Client,
    template: &SamTemplate,
    name: &str,
    stream: bool,
) -> Result<bool> {
    let stream = stream.then(|| template.stream_specification()).transpose()?;
    let request = template.with_table_schema(client.create_table().table_name(name))?.set_stream_specification(stream);
    match request.send().await {
        Err(error) if error.code() == Some("ResourceInUseException") => return Ok(false),
        other => other.context("creating the table")?,
    };
    let ttl =
        TimeToLiveSpecification::builder().attribute_name(template.ttl_attribute_name()?).enabled(true).build()?;
    client.update_time_to_live().table_name(name).time_to_live_specification(ttl).send().await?;
    Ok(true)
}

/// Creates the S3 bucket unless the bucket exists.
pub(crate) async fn create_bucket(client: &aws_sdk_s3::Client, name: &str) -> Result<()> {
    match client.create_bucket().bucket(name).send().await {
        Err(error) if matches!(error.code(), Some("BucketAlreadyOwnedByYou" | "BucketAlreadyExists")) => Ok(()),
        other => other.map(|_| ()).context("creating the bucket"),
    }
}
