//! The log line that each request writes.

use std::io;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{example_lead, with_fault_injection};

/// Texts that no log line of any test may contain: email addresses and credentials.
const FORBIDDEN_LOG_TEXTS: [&str; 4] = ["@example.com", "Bearer", "eyJ", "lk_"];

/// Log lines of all tests of this process.
#[derive(Default)]
struct CollectedLog {
    lines: Vec<Value>,
    /// Log lines that contain one of [`FORBIDDEN_LOG_TEXTS`].
    leaks: Vec<Value>,
}

fn lock_collected_log() -> MutexGuard<'static, CollectedLog> {
    static LOG: LazyLock<Mutex<CollectedLog>> = LazyLock::new(Mutex::default);
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A writer for `tracing` that adds each log line to the collected log.
struct LogCollector;

impl io::Write for LogCollector {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(line).map_err(io::Error::other)?;
        let parsed: Value = serde_json::from_str(text)?;
        let leaks = FORBIDDEN_LOG_TEXTS.iter().any(|secret| text.contains(secret));
        let mut log = lock_collected_log();
        log.leaks.extend(leaks.then(|| parsed.clone()));
        log.lines.push(parsed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts collecting the log lines of the functions.
pub(crate) fn start_collecting_log() {
    shared::platform::telemetry::start_json_log_to(|| LogCollector, tracing::Level::WARN);
}

/// The log line of the last request of a team. Panics if there is none.
pub(crate) fn last_request_line(team: &str) -> Value {
    let log = lock_collected_log();
    let mut of_team = log.lines.iter().filter(|line| line["message"] == "request" && line["team"] == team);
    of_team.next_back().cloned().unwrap_or_else(|| panic!("nothing was logged of {team}"))
}

#[tokio::test]
async fn a_request_logs_one_line_with_its_metrics() {
    with_fault_injection(async |api| {
        let team = format!("log-{}", fastrand::u32(..));
        let owner = api.caller_with_role(&team, "Owner");
        let number = |line: &Value, field: &str| line[field].as_f64().unwrap_or_else(|| panic!("{field} of {line}"));
        owner.create_lead(example_lead("secret.person@example.com")).await;
        let line = last_request_line(&team);
        assert_eq!(
            (&line["level"], &line["route"], &line["status"]),
            (&json!("INFO"), &json!("POST /leads"), &json!(201))
        );
        assert_eq!(line["user"], "1");
        for empty in ["key", "fault", "retries", "error"] {
            assert_eq!(line.get(empty), None, "{line}");
        }
        assert!(number(&line, "ms") > 0.0 && number(&line, "trips") >= 2.0, "{line}");
        // The log line and the access log together must stay below 400 bytes a request.
        assert!(line.to_string().len() < 270, "{line}");

        // The log line has the same request id as the response.
        let refused = owner.get("/leads/99").await.expect_error(404, "Lead not found");
        let line = last_request_line(&team);
        assert_eq!(
            (&line["requestId"], &line["status"], line.get("error")),
            (&refused["requestId"], &json!(404), None)
        );

        // `retries` counts those of the SDK (after throttling) and those of the API (after a transaction conflict).
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::Throttle, Fault::Conflict]);
        owner.create_lead(example_lead("b@example.com")).await;
        assert_eq!(last_request_line(&team)["retries"], 2);

        api.dynamodb_faults().inject_next("BatchGetItem", [Fault::Throttle; 4]);
        let failed = owner.get("/leads/1").await.expect_error(503, "Service unavailable");
        let line = last_request_line(&team);
        assert_eq!((&line["level"], &line["fault"]), (&json!("ERROR"), &json!(1)));
        assert_eq!(line["requestId"], failed["requestId"]);
        assert!(line["error"].as_str().unwrap().contains("ProvisionedThroughputExceededException"), "{line}");
    })
    .await;
}

pub(crate) fn assert_no_secret_was_logged() {
    let leaks = &lock_collected_log().leaks;
    assert!(leaks.is_empty(), "{leaks:?}");
}
