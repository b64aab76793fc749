//! Starts a local stack of the whole product for a test, and sends requests to its API.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Request};
use contract::{CompiledContract, HttpExchange};
use flate2::read::GzDecoder;
pub(crate) use local::examples::{example_lead, example_lead_with, put_body_with};
use local::{
    FaultInjector, Gateway, LocalQueues, LocalStack, SimulatedClock, StackOptions, TokenIdentity, UsedPermissions,
};
use serde_json::{Value, json};
use shared::domain::{CounterCopyId, CounterKey};
use shared::platform::resolver::DnsResolver;
use shared::store::keys::{ItemKey, PrimaryKey};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// The OpenAPI contract. Every request and response of the tests is checked against it.
static CONTRACT: LazyLock<CompiledContract> =
    LazyLock::new(|| CompiledContract::compile_contract().expect("a contract"));

/// A running local stack with its own table, bucket and queues, and access to its parts.
pub(crate) struct TestStack {
    pub gateway: Arc<Gateway>,
    pub fault_injectors: Option<(FaultInjector, FaultInjector)>,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub table: String,
    pub s3: aws_sdk_s3::Client,
    pub bucket: String,
    pub usage: UsedPermissions,
    pub queues: LocalQueues,
    pub clock: SimulatedClock,
    pub teams: Mutex<BTreeSet<String>>,
    serving: JoinHandle<()>,
    /// Temporary copy of the demo team's data folder. It is deleted when this value is dropped.
    _data: Option<TempDir>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl TestResponse {
    /// Asserts the status and returns the body.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The lead's version number from the response's `ETag`.
    #[track_caller]
    pub(crate) fn lead_version_from_etag(&self) -> u64 {
        let tag = self.headers["etag"].to_str().expect("text").trim_matches('"');
        tag.split('-').next().and_then(|version| version.parse().ok()).expect("a version")
    }

    /// Asserts an error response with this status and message, and returns its body.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, message: &str) -> Value {
        let body = self.expect_status(status);
        assert_eq!(body["message"], message, "{body}");
        assert!(body["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
        body
    }

    /// Asserts that the response is a 400 whose `errors` name exactly these fields.
    #[track_caller]
    pub(crate) fn expect_bad_fields(self, fields: &[&str]) {
        let body = self.expect_status(400);
        let named: BTreeSet<&str> =
            body["errors"].as_array().into_iter().flatten().filter_map(|e| e["field"].as_str()).collect();
        assert_eq!(named, fields.iter().copied().collect(), "{body}");
    }
}

/// Default options of the tests: a new table in the embedded DynamoDB, or in the one at `AWS_ENDPOINT_URL_DYNAMODB`.
pub(crate) fn test_options() -> StackOptions {
    let dynamodb = std::env::var("AWS_ENDPOINT_URL_DYNAMODB").ok().filter(|url| !url.is_empty());
    // No webhook host name resolves unless a test sets another resolver.
    let resolver = DnsResolver::from_fn(async |_| Ok(Vec::new()));
    let table = format!("leads-{:016x}", fastrand::u64(..));
    StackOptions { dynamodb, table, patient: true, resolver, ..StackOptions::default() }
}

impl TestStack {
    pub(crate) async fn start_stack(options: StackOptions) -> Self {
        crate::log::start_collecting_log();
        let mut stack = LocalStack::start_stack(options).await.expect("the stack starts");
        Self {
            gateway: Arc::clone(stack.gateway()),
            fault_injectors: stack.fault_injectors.clone(),
            dynamodb: stack.dynamodb_client(),
            table: stack.table.clone(),
            s3: stack.s3_client(),
            bucket: stack.bucket.clone(),
            usage: stack.usage.clone(),
            queues: stack.queues.clone(),
            clock: stack.clock.clone(),
            teams: Mutex::default(),
            serving: tokio::spawn(
                async move { stack.serve_connections(std::future::pending()).await.expect("it serves") },
            ),
            _data: None,
        }
    }

    /// Starts a stack with the demo team's data. With the embedded DynamoDB, the data folder is filled once and copied
    /// for each test, because filling it is slow.
    pub(crate) async fn start_demo() -> Self {
        static FILLED: LazyLock<TempDir> =
            LazyLock::new(|| std::thread::spawn(demo_data_folder).join().expect("a folder with the demo team"));
        let here = test_options();
        if here.dynamodb.is_some() {
            return Self::start_stack(StackOptions { demo: true, ..here }).await;
        }
        let folder = TempDir::new().expect("a folder");
        // SQLite removes its write-ahead log when the last connection closes. Without that file, the copied database is
        // complete.
        assert!(!FILLED.path().join("dynamodb.sqlite-wal").exists(), "the demo team's table is open");
        copy_folder(FILLED.path(), folder.path()).expect("a copy");
        let api = Self::start_stack(StackOptions { patient: true, ..demo_options(&folder) }).await;
        Self { _data: Some(folder), ..api }
    }

    /// Invokes a function with an event of a stream or a queue. The invocation runs in a spawned task, because the
    /// fault injector observes only the runtime's worker threads, and the test's own thread is not one of them.
    pub(crate) async fn invoke_with_event(&self, function: &str, event: &str) -> Value {
        let event = serde_json::from_str(event).expect("JSON");
        let (gateway, function, now) = (Arc::clone(&self.gateway), function.to_owned(), self.clock.current_time());
        let invocation = tokio::spawn(async move { gateway.invoke_by_event_source(&function, event, now).await });
        invocation.await.expect("no panic").expect("an answer")
    }

    /// Stops the stack by aborting its server task, without waiting for work in progress.
    pub(crate) async fn stop_stack(self) {
        self.serving.abort();
        self.serving.await.unwrap_err();
    }

    pub(crate) fn sign_token(&self, identity: &TokenIdentity) -> String {
        self.gateway.token_issuer().sign_token(identity).expect("a token")
    }

    pub(crate) fn caller_with_role(&self, team: &str, role: &str) -> TestCaller<'_> {
        self.teams.lock().expect("teams").insert(team.to_owned());
        let identity = TokenIdentity { team: team.into(), ..TokenIdentity::demo_member(role) };
        TestCaller { api: self, authorization: Some(format!("Bearer {}", self.sign_token(&identity))) }
    }

    pub(crate) fn owner_caller(&self) -> TestCaller<'_> {
        self.caller_with_role("team", "Owner")
    }

    pub(crate) fn caller_with_authorization(&self, authorization: Option<String>) -> TestCaller<'_> {
        TestCaller { api: self, authorization }
    }

    /// A caller with the API key in a response of `POST /keys`.
    pub(crate) fn caller_with_api_key(&self, created: &Value) -> TestCaller<'_> {
        let secret = created["secret"].as_str().expect("a secret");
        self.caller_with_authorization(Some(format!("Bearer {secret}")))
    }

    /// The fault injector of DynamoDB. Panics unless the test started the stack with `inject_faults`.
    pub(crate) fn dynamodb_faults(&self) -> &FaultInjector {
        &self.fault_injectors.as_ref().expect("fault injectors").0
    }

    /// The fault injector of S3. Panics unless the test started the stack with `inject_faults`.
    pub(crate) fn s3_faults(&self) -> &FaultInjector {
        &self.fault_injectors.as_ref().expect("fault injectors").1
    }

    /// Keys of all objects.
    pub(crate) async fn object_keys(&self) -> BTreeSet<String> {
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).send().await.expect("a list of objects");
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }
}

/// A caller of the API.
#[derive(Clone)]
pub(crate) struct TestCaller<'a> {
    pub api: &'a TestStack,
    pub authorization: Option<String>,
}

/// Decompresses gzip.
pub(crate) fn decompress_gzip(gzip: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain).expect("gzip");
    plain.into()
}

/// Key of shard 0 of the counter of all leads. A write to this copy makes the team's rollup a task of the clean-up.
pub(crate) fn rollup_trigger_key(team: &str) -> PrimaryKey {
    ItemKey::Count(&CounterKey::All, CounterCopyId::without_generation(0)).of(&team.parse().expect("a team's id"))
}

impl TestCaller<'_> {
    pub(crate) async fn send_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.into();
        // The future is boxed, because a test sends many requests and each would enlarge the test's own future on the
        // stack.
        let answer = Box::pin(self.api.gateway.answer_request(request.body(body.clone()).expect("a request"))).await;
        let (parts, answered) = answer.into_parts();
        if let Some(length) = parts.headers.get("content-length") {
            assert_eq!(length.to_str().ok(), Some(answered.len().to_string().as_str()), "{method} {path}");
        }
        let is_gzip = parts.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
        let answered = if is_gzip { decompress_gzip(&answered) } else { answered };
        let json = parts.headers.get("content-type").is_some_and(|kind| kind == "application/json");
        let answered = match &answered[..] {
            [] if !parts.headers.contains_key("content-type") => Value::Null,
            body if json => serde_json::from_slice(body).expect("JSON"),
            body => String::from_utf8_lossy(body).into(),
        };
        let reply = TestResponse { status: parts.status.as_u16(), headers: parts.headers, body: answered };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = serde_json::from_slice(&body).ok();
        let exchange = HttpExchange {
            method,
            path,
            query,
            headers,
            request: request.as_ref(),
            status: reply.status,
            header: &|name| reply.headers.contains_key(name),
            response: &reply.body,
        };
        if let Err(error) = CONTRACT.check_exchange(&exchange) {
            panic!("{method} {path}?{query} {}: {error:#}", reply.status);
        }
        reply
    }

    /// Sends a request with a JSON body. A `null` body is sent as an empty one.
    pub(crate) async fn send_json(&self, method: &str, path: &str, body: &Value) -> TestResponse {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send_request(method, path, &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send_request("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send_json("POST", path, &body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.send_json("PUT", path, &body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.send_json("PATCH", path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Value) -> TestResponse {
        if body.is_null() {
            self.send_request("DELETE", path, &[], "").await
        } else {
            self.send_json("DELETE", path, &body).await
        }
    }

    /// Archives and restores a lead until the team's rollup is due. Each write adds to a random copy of a counter, and
    /// only a write to one of the copies schedules the rollup.
    pub(crate) async fn write_until_rollup_is_due(&self, team: &str, lead: u64) {
        while !self.api.read_table_item(&rollup_trigger_key(team)).await.contains_key("due") {
            for path in ["/leads/archive", "/leads/restore"] {
                self.patch(path, json!({ "ids": [lead] })).await.expect_status(200);
            }
        }
    }

    /// Creates a lead and returns its id.
    pub(crate) async fn create_lead(&self, body: Value) -> u64 {
        self.post("/leads", body).await.expect_status(201)["id"].as_u64().expect("an id")
    }

    /// Reads all pages of a list by their cursors and returns the list's items.
    pub(crate) async fn all_pages(&self, path: &str, items: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}")).await.expect_status(200);
            all.extend(page[items].as_array().expect("items").iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// Creates the businesses with the ids 1 to `n`.
    pub(crate) async fn create_numbered_businesses(&self, n: u64) {
        for id in 1..=n {
            assert_eq!(
                self.post("/businesses", json!({ "name": format!("Business {id}") })).await.expect_status(201)["id"],
                id
            );
        }
    }
}

pub(crate) fn lead_ids(leads: &[Value]) -> Vec<u64> {
    leads.iter().map(|lead| lead["id"].as_u64().expect("an id")).collect()
}

fn demo_options(data: &TempDir) -> StackOptions {
    StackOptions { demo: true, data: Some(data.path().into()), ..StackOptions::default() }
}

/// Creates a temporary data folder with the demo team. No database connection stays open, because the runtime that
/// filled the folder ends with this function.
#[tokio::main(flavor = "current_thread")]
async fn demo_data_folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    LocalStack::start_stack(demo_options(&folder)).await.expect("the stack starts");
    folder
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&to)?;
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}

/// Runs a test on its own stack, then audits the table.
pub(crate) async fn with_api(test: impl AsyncFnOnce(&TestStack)) {
    let api = TestStack::start_stack(test_options()).await;
    test(&api).await;
    api.audit_all_teams().await;
}

/// Runs a test as [`with_api`] does, on a stack that can inject faults into requests to DynamoDB and S3. Asserts that
/// every injected fault occurred.
pub(crate) async fn with_fault_injection(test: impl AsyncFnOnce(&TestStack)) {
    with_faults_and_options(test_options(), test).await;
}

/// Runs a test as [`with_faults`] does, with a request deadline of 1.5 seconds, or of 8 seconds on an external
/// DynamoDB, which other tests keep busy.
pub(crate) async fn with_faults_and_deadline(test: impl AsyncFnOnce(&TestStack)) {
    let here = test_options();
    let timeout = Duration::from_millis(if here.dynamodb.is_some() { 10_500 } else { 4000 });
    with_faults_and_options(StackOptions { timeout: Some(timeout), ..here }, test).await;
}

async fn with_faults_and_options(options: StackOptions, test: impl AsyncFnOnce(&TestStack)) {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, ..options }).await;
    test(&api).await;
    api.dynamodb_faults().stop_faults();
    api.s3_faults().stop_faults();
    assert_eq!(
        api.dynamodb_faults().count_faults_left() + api.s3_faults().count_faults_left(),
        0,
        "faults that nothing met"
    );
    api.audit_all_teams().await;
}
