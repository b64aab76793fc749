//! `cargo bench -p local --bench cold_start`: measures how long each Lambda function takes for its first event and for
//! later events. Figures are comparable within one run only.

mod tls;

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use local::costs::send_json_request;
use local::lambda::{CpuCgroup, LambdaProcess, RuntimeApi, available_cores};
use local::{LocalStack, ProgressBar, StackOptions, TokenIdentity};
use serde_json::{Value, json};

/// Number of cold starts of each function.
const COLD_STARTS: usize = 50;
/// Number of measured events that each running function receives, after a tenth as many unmeasured events for warm-up.
const WARM_EVENTS: usize = 2_000;
const MIB: f64 = 1024.0 * 1024.0;
/// Number of consecutive events that one function receives before the next function's turn.
const EVENTS_PER_TURN: usize = 50;
/// Share of a core that Lambda gives to 256 MB of memory.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const CORES_OF_256_MB: f64 = 256.0 / 1769.0;

/// A Lambda function to measure, the event to send to it, and the answer to expect.
struct MeasuredFunction {
    name: &'static str,
    event: Value,
    /// Name and expected value of one field of the function's answer.
    expected: (&'static str, Value),
    environment: HashMap<String, String>,
}

impl MeasuredFunction {
    /// Name of the function's binary: the target's name up to the first comma, because two targets may share a binary.
    fn binary(&self) -> &str {
        self.name.split(',').next().unwrap_or_default()
    }
}

/// Median cold-start times of one function in milliseconds, and its median peak memory in MiB.
struct ColdStartMedians {
    init: f64,
    first: f64,
    both: f64,
    rss_mib: f64,
}

/// Latency quantiles of one warm function, and its mean processor time for each event, in milliseconds.
struct WarmFigures {
    p50: f64,
    p99: f64,
    cpu: f64,
}

fn main() -> Result<()> {
    let built = build_release_binaries()?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let work = tempfile::TempDir::new()?;
        let targets = start_stack_and_list_functions(work.path()).await?;
        let folder = copy_binaries(&built, &targets, work.path())?;
        let (cold_figures, warm_figures) =
            (measure_cold_starts(&folder, &targets, None).await?, measure_warm_events(&folder, &targets).await?);
        print_full_table(&folder, &targets, &cold_figures, &warm_figures)?;
        match CpuCgroup::create_cgroup(CORES_OF_256_MB) {
            Ok(cgroup) => print_256_mb_table(&targets, &measure_cold_starts(&folder, &targets, Some(&cgroup)).await?),
            Err(cause) => println!("\n256 MB: not measured, the processor cannot be limited here: {cause:#}"),
        }
        Ok(())
    })
}

/// Builds the release binaries of all functions and returns the folder that contains them.
fn build_release_binaries() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let functions = Command::new(env!("CARGO")).args(["build", "--release"]).current_dir(&root).status()?;
    let bare = Command::new(env!("CARGO")).args(["build", "--release", "-p", "bare"]).current_dir(&root).status()?;
    ensure!(functions.success() && bare.success(), "the release build failed");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release"))
}

/// Copies the functions' binaries: a file written in one piece, as a deployed one is, is mapped into memory faster than
/// the linker's own output.
fn copy_binaries(built: &Path, targets: &[MeasuredFunction], work: &Path) -> Result<PathBuf> {
    let folder = work.join("functions");
    std::fs::create_dir(&folder)?;
    for target in targets {
        let to = folder.join(target.binary());
        std::fs::copy(built.join(target.binary()), &to).with_context(|| format!("{}", to.display()))?;
    }
    Ok(folder)
}

fn read_sample(name: &str) -> Result<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(name);
    let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Starts the local stack and puts TLS in front of its DynamoDB and token issuer. Returns the functions to measure; the
/// events of most functions make them query DynamoDB.
async fn start_stack_and_list_functions(work: &Path) -> Result<Vec<MeasuredFunction>> {
    let mut stack = LocalStack::start_stack(StackOptions { demo: true, ..StackOptions::default() }).await?;
    let address = |url: &str| url.trim_start_matches("http://").parse::<SocketAddr>();
    let authority = tls::CertificateAuthority::new()?;
    let bundle = work.join("ca.pem");
    std::fs::write(&bundle, authority.root_pem())?;
    let dynamodb = authority.start_tls_proxy(address(&stack.dynamodb)?).await?;
    let keys = authority.start_tls_proxy(stack.address).await?;
    let token = stack.gateway().token_issuer().sign_token(&TokenIdentity::demo_member("Owner"))?;
    let issuer = stack.gateway().token_issuer().issuer_url().to_owned();
    let environment: HashMap<String, String> = [
        ("TABLE_NAME", stack.table.clone()),
        ("BUCKET_NAME", stack.bucket.clone()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("https://localhost:{}", dynamodb.port())),
        ("AWS_ENDPOINT_URL_S3", stack.s3.clone()),
        ("AWS_ENDPOINT_URL_SQS", stack.sqs.clone()),
        ("DELIVERIES_QUEUE_URL", format!("{}/000000000000/DeliveriesQueue", stack.sqs)),
        ("SLOW_DELIVERIES_QUEUE_URL", format!("{}/000000000000/SlowDeliveriesQueue", stack.sqs)),
        ("FAILURES_QUEUE_URL", format!("{}/000000000000/PublisherFailuresQueue", stack.sqs)),
        ("AWS_CA_BUNDLE", bundle.display().to_string()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("TOKEN_ISSUER", issuer),
        ("TOKEN_AUDIENCE", "leads-api".to_owned()),
        ("TOKEN_JWKS_URL", format!("https://localhost:{}/local/.well-known/jwks.json", keys.port())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let gateway = stack.gateway().clone();
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    let key =
        send_json_request(&gateway, &token, "POST", "/keys", &json!({ "name": "Bench", "role": "Viewer" })).await?;

    let get = read_sample("leads-get.json")?;
    let mut authorize = get.clone();
    authorize["type"] = json!("REQUEST");
    authorize["routeArn"] = json!("arn:aws:execute-api:us-east-1:123456789012:api-id/$default/GET/leads/1");
    authorize["identitySource"] = json!([format!("Bearer {token}")]);
    let mut authorize_key = authorize.clone();
    authorize_key["identitySource"] = json!([format!("Bearer {}", key["secret"].as_str().context("no secret")?)]);
    // The form does not exist, because every existing form has a rate limit.
    let mut submit = read_sample("capture-submit.json")?;
    submit["rawPath"] = json!("/forms/lf_demo.99.none/leads");
    // The photo does not exist, so the function only queries the table.
    let mut delete = read_sample("photos-delete.json")?;
    delete["rawPath"] = json!("/leads/delete-photo/none.jpg");
    delete["pathParameters"]["fileName"] = json!("none.jpg");
    // The webhook does not exist, so the function only queries the table and delivers nothing.
    let mut deliver = read_sample("sender-queue.json")?;
    let told = deliver["Records"][0]["body"].as_str().context("no body")?.replace("\"webhook\": 1", "\"webhook\": 99");
    deliver["Records"][0]["body"] = json!(told);
    let ok = || ("statusCode", json!(200));
    let done = || ("batchItemFailures", json!([]));
    let target = |name, event, expected| MeasuredFunction { name, event, expected, environment: environment.clone() };
    Ok(vec![
        target("bare", get.clone(), ok()),
        target("floor", get.clone(), ok()),
        target("leads", get, ok()),
        target("activity", read_sample("activity-logs.json")?, ok()),
        target("photos", delete, ("statusCode", json!(404))),
        target("dashboard", read_sample("dashboard-total.json")?, ok()),
        target("statuses", read_sample("statuses-list.json")?, ok()),
        target("businesses", read_sample("businesses-list.json")?, ok()),
        target("keys", read_sample("keys-list.json")?, ok()),
        target("forms", read_sample("forms-list.json")?, ok()),
        target("webhooks", read_sample("webhooks-list.json")?, ok()),
        target("capture", submit, ("statusCode", json!(404))),
        target("publisher", read_sample("publisher-stream.json")?, done()),
        target("sender", deliver, done()),
        target("pages", read_sample("pages-docs.json")?, ok()),
        target("cleanup", read_sample("cleanup-schedule.json")?, ("leads", json!(0))),
        target("authorizer", authorize, ("isAuthorized", json!(true))),
        target("authorizer, with a key", authorize_key, ("isAuthorized", json!(true))),
    ])
}

/// Cold-starts every function once in each round, and returns the medians by function.
async fn measure_cold_starts(
    folder: &Path,
    targets: &[MeasuredFunction],
    cgroup: Option<&CpuCgroup>,
) -> Result<HashMap<&'static str, ColdStartMedians>> {
    let mut samples: HashMap<&str, Vec<[f64; 3]>> = HashMap::new();
    let progress =
        ProgressBar::new(if cgroup.is_some() { "cold starts at 256 MB" } else { "cold starts" }, COLD_STARTS as u64);
    // The first round reads the binaries from disk, so its figures are dropped.
    for round in 0..=COLD_STARTS {
        for target in targets {
            let started = start_and_invoke(folder, target, cgroup).await.with_context(|| target.name)?;
            if round > 0 {
                samples.entry(target.name).or_default().push(started.figures);
            }
        }
        progress.report_finished(round as u64);
    }
    let median = |samples: &[[f64; 3]], of: fn(&[f64; 3]) -> f64| quantile(samples.iter().map(of).collect(), 0.5);
    let cold = samples.into_iter().map(|(name, samples)| {
        let cold = ColdStartMedians {
            init: median(&samples, |[init, ..]| *init),
            first: median(&samples, |[_, first, _]| *first),
            both: median(&samples, |[init, first, _]| init + first),
            rss_mib: median(&samples, |[.., rss]| *rss),
        };
        (name, cold)
    });
    Ok(cold.collect())
}

/// Sends many events to each running function. Functions take turns, so that a slow moment of the machine affects all.
async fn measure_warm_events(
    folder: &Path,
    targets: &[MeasuredFunction],
) -> Result<HashMap<&'static str, WarmFigures>> {
    let mut running = Vec::new();
    for target in targets {
        let mut started = start_and_invoke(folder, target, None).await?;
        for _ in 0..WARM_EVENTS / 10 {
            started.invoke(target).await?;
        }
        running.push((target, started, Duration::ZERO, Vec::new()));
    }
    let progress = ProgressBar::new("rounds of warm events", (WARM_EVENTS / EVENTS_PER_TURN) as u64);
    for round in 1..=WARM_EVENTS / EVENTS_PER_TURN {
        for (target, started, cpu, times) in &mut running {
            let before = started.process.cpu_time()?;
            for _ in 0..EVENTS_PER_TURN {
                times.push(millis(started.invoke(target).await?));
            }
            *cpu += started.process.cpu_time()? - before;
        }
        progress.report_finished(round as u64);
    }
    let warm = running.into_iter().map(|(target, _, cpu, times)| {
        let cpu = millis(cpu) / times.len() as f64;
        (target.name, WarmFigures { p50: quantile(times.clone(), 0.5), p99: quantile(times, 0.99), cpu })
    });
    Ok(warm.collect())
}

/// A running function that has answered its first event.
struct WarmFunction {
    process: LambdaProcess,
    api: RuntimeApi,
    /// Time of Init in milliseconds, time of the first event in milliseconds, and peak memory in MiB.
    figures: [f64; 3],
}

impl WarmFunction {
    async fn invoke(&mut self, target: &MeasuredFunction) -> Result<Duration> {
        invoke_and_check(&mut self.api, target).await
    }
}

async fn invoke_and_check(api: &mut RuntimeApi, target: &MeasuredFunction) -> Result<Duration> {
    let (answer, took) = api.invoke_runtime(&target.event).await?;
    let (field, value) = &target.expected;
    ensure!(answer[field] == *value, "it answered {answer}");
    Ok(took)
}

async fn start_and_invoke(
    folder: &Path,
    target: &MeasuredFunction,
    cgroup: Option<&CpuCgroup>,
) -> Result<WarmFunction> {
    let mut api = RuntimeApi::start_server().await?;
    cgroup.map(CpuCgroup::remove_limit).transpose()?;
    let process = LambdaProcess::spawn_function_process(
        &folder.join(target.binary()),
        &target.environment,
        api.server_address(),
        cgroup,
    )?;
    let init = api.wait_for_first_poll().await?.duration_since(process.started);
    // Lambda gives a function a whole core during Init, so the limit on processor time is set only now, before the
    // first event.
    cgroup.map(CpuCgroup::apply_limit).transpose()?;
    let first = invoke_and_check(&mut api, target).await?;
    let figures = [millis(init), millis(first), process.peak_memory_mib()?];
    Ok(WarmFunction { process, api, figures })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn quantile(mut samples: Vec<f64>, q: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last as f64 * q).round() as usize).copied().unwrap_or_default()
}

fn print_full_table(
    folder: &Path,
    targets: &[MeasuredFunction],
    cold: &HashMap<&str, ColdStartMedians>,
    warm: &HashMap<&str, WarmFigures>,
) -> Result<()> {
    let machine = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let machine = machine.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    println!(
        "{} cores, {}; medians in ms, in brackets times bare",
        available_cores(),
        machine.trim_matches([' ', '\t', ':'])
    );
    println!(
        "| Function | Init | First event | Cold (both) | Warm p50 | Warm p99 | Warm CPU | RSS MiB | Binary MiB | Zip MiB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for target in targets {
        let (ColdStartMedians { init, first, both, rss_mib }, WarmFigures { p50, p99, cpu }) =
            (&cold[target.name], &warm[target.name]);
        let (cold_times, warm_times) = (both / cold["bare"].both, cpu / warm["bare"].cpu);
        let (size, zip) = binary_and_zip_mib(&folder.join(target.binary()))?;
        println!(
            "| {} | {init:.1} | {first:.1} | {both:.1} ({cold_times:.1}x) | {p50:.2} | {p99:.2} | {cpu:.2} ({warm_times:.1}x) | {rss_mib:.1} | {size:.1} | {zip:.1} |",
            target.name,
        );
    }
    Ok(())
}

/// Size of a binary, and of the binary compressed as in a zip file, in MiB.
fn binary_and_zip_mib(binary: &Path) -> Result<(f64, f64)> {
    let bytes = std::fs::read(binary)?;
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::best());
    zip.write_all(&bytes)?;
    Ok((bytes.len() as f64 / MIB, zip.finish()?.len() as f64 / MIB))
}

fn print_256_mb_table(targets: &[MeasuredFunction], cold: &HashMap<&str, ColdStartMedians>) {
    println!("\n| Function, 256 MB | Init | First event | Cold (both) |\n|---|--:|--:|--:|");
    for target in targets {
        let ColdStartMedians { init, first, both, .. } = &cold[target.name];
        println!("| {} | {init:.1} | {first:.1} | {both:.1} ({:.1}x) |", target.name, both / cold["bare"].both);
    }
}
