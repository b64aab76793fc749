//! The log: one line a request, what it says, and what it never says.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{example, with_proxy};

static LINES: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// Every line that was logged since the tests began.
fn lines() -> MutexGuard<'static, Vec<Value>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the log goes while tests run.
struct Collect;

impl io::Write for Collect {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        lines().push(serde_json::from_slice(line).map_err(io::Error::other)?);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the log, with metrics in it.
pub(crate) fn collect() {
    shared::telemetry::init(|| Collect, Some("tests".into()), tracing::Level::WARN);
}

/// The last line of this team's requests.
pub(crate) fn last_of(team: &str) -> Value {
    let lines = lines();
    let mut of_team = lines.iter().filter(|line| line["message"] == "request" && line["team"] == team);
    of_team.next_back().cloned().unwrap_or_else(|| panic!("nothing was logged of {team}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_and_a_metric() {
    with_proxy(async |api| {
        let team = format!("log-{}", fastrand::u32(..));
        let owner = api.caller(&team, "Owner");
        let number = |line: &Value, field: &str| line[field].as_f64().unwrap_or_else(|| panic!("{field} of {line}"));
        owner.create(example("secret.person@example.com")).await;
        let line = last_of(&team);
        assert_eq!(
            (&line["level"], &line["route"], &line["status"]),
            (&json!("INFO"), &json!("POST /leads"), &json!(201))
        );
        assert_eq!((&line["user"], &line["fault"], &line["retries"]), (&json!("1"), &json!(0), &json!(0)));
        assert!(number(&line, "ms") > 0.0 && number(&line, "trips") >= 2.0, "{line}");
        let metrics = line["_aws"]["CloudWatchMetrics"][0].clone();
        assert_eq!((&metrics["Namespace"], &metrics["Dimensions"]), (&json!("tests"), &json!([[]])));
        for metric in metrics["Metrics"].as_array().unwrap() {
            number(&line, metric["Name"].as_str().unwrap());
        }

        // The id is the one that the caller is told.
        let refused = owner.get("/leads/99").await.refused(404, "Lead not found");
        let line = last_of(&team);
        assert_eq!(
            (&line["requestId"], &line["status"], line.get("error")),
            (&refused["requestId"], &json!(404), None)
        );

        // Tries are counted, the SDK's (a throttle) and ours (a conflict).
        api.proxy().fail("TransactWriteItems", [Fault::Throttle, Fault::Conflict]);
        owner.create(example("b@example.com")).await;
        assert_eq!(last_of(&team)["retries"], 2);

        api.proxy().fail("BatchGetItem", [Fault::Throttle; 4]);
        let failed = owner.get("/leads/1").await.refused(503, "Service unavailable");
        let line = last_of(&team);
        assert_eq!((&line["level"], &line["fault"]), (&json!("ERROR"), &json!(1)));
        assert_eq!(line["requestId"], failed["requestId"]);
        assert!(line["error"].as_str().unwrap().contains("ProvisionedThroughputExceededException"), "{line}");
    })
    .await;
}

/// What no line of any test may hold.
pub(crate) fn audit() {
    for line in lines().iter() {
        let text = line.to_string();
        for secret in ["@example.com", "Bearer", "eyJ", "lk_"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
