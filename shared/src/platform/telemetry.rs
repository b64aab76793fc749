//! Writes the log as JSON lines: a line for each API request, other events of the functions, and warnings of libraries.
//! CloudWatch metric filters in `template.yaml` read the numbers.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{Timestamp, Unit};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::platform::consumed_capacity::DynamoDbCost;

/// `tracing` target of events that are logged from level INFO up. Events with another target, such as those of
/// libraries, are logged from WARN up.
pub const LOG_TARGET: &str = "leads-api";
/// Name of the `tracing` event that logs an API request. The message of the event is the same word.
const REQUEST_LOG_EVENT: &str = "request";

/// Starts logging to standard output.
pub fn start_json_log() {
    start_json_log_to(std::io::stdout, Level::WARN);
}

/// Starts logging to `writer`. Events of this project (target [`LOG_TARGET`]) are logged from level INFO up, those of
/// libraries from `library_level` up. A second call has no effect.
pub fn start_json_log_to(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, library_level: Level) {
    let targets = Targets::new().with_default(library_level).with_target(LOG_TARGET, Level::INFO);
    let lines = tracing_subscriber::fmt::layer().event_format(JsonLineFormatter).with_writer(writer);
    // `try_init` fails only if a subscriber is installed already, and then that subscriber stays.
    tracing_subscriber::registry().with(lines.with_filter(targets)).try_init().ok();
}

/// Content of the log line of an API request. The line never contains a token, an e-mail address or a body.
#[derive(Debug)]
pub struct RequestLogLine<'a> {
    /// Request id that API Gateway assigned. Error responses contain the same id as `requestId`.
    pub id: &'a str,
    /// Method and path of the route, such as `GET /leads/{id}`.
    pub route: &'a str,
    /// Id of the caller's team. Empty if the request has no authenticated caller.
    pub team: &'a str,
    /// Id of the calling user. Empty if the request has no authenticated caller.
    pub user: &'a str,
    /// Name of the API key that the request was sent with. Empty if it was sent without an API key.
    pub key: &'a str,
    /// HTTP status of the response.
    pub status: u16,
    /// Time that the function took to answer the request.
    pub took: Duration,
    /// Round trips, capacity units and retries of the request in DynamoDB.
    pub cost: DynamoDbCost,
    /// Internal cause of a 5xx response. `None` for any other response.
    pub error: Option<&'a str>,
}

impl<'a> RequestLogLine<'a> {
    /// Writes the log line of the request.
    pub fn write_log_line(&self) {
        static IS_COLD_START: AtomicBool = AtomicBool::new(true);
        let Self { id, route, team, user, key, status, cost, error, .. } = *self;
        let ms = as_millis_f64(self.took);
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        let counted = |n: u32| (n > 0).then_some(n);
        let (team, user, key) = (given(team), given(user), given(key));
        let cold_start = counted(u32::from(IS_COLD_START.swap(false, Ordering::Relaxed)));
        let (retries, fault) = (counted(cost.retries), counted(u32::from(status >= 500)));
        macro_rules! write_line {
            ($level:expr) => {
                tracing::event!(name: REQUEST_LOG_EVENT, target: LOG_TARGET, $level, requestId = id, route, team, user, key, status, ms,
                    trips = cost.trips, readUnits = cost.read_units, writeUnits = cost.write_units,
                    retries, coldStart = cold_start, fault, error, "{REQUEST_LOG_EVENT}")
            };
        }
        if error.is_some() { write_line!(Level::ERROR) } else { write_line!(Level::INFO) }
    }
}

/// Converts a duration to milliseconds, rounded to two decimals.
pub fn as_millis_f64(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Formatter that writes each `tracing` event as one line of JSON.
struct JsonLineFormatter;

impl<S, N> FormatEvent<S, N> for JsonLineFormatter
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let line = Self::to_json_line(event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

impl JsonLineFormatter {
    fn to_json_line(event: &Event<'_>) -> serde_json::Result<Vec<u8>> {
        let now = Timestamp::now();
        let mut text = Vec::with_capacity(1024);
        let mut line = serde_json::Serializer::new(&mut text);
        let mut line = line.serialize_map(None)?;
        line.serialize_entry("timestamp", &now.round(Unit::Millisecond).unwrap_or(now))?;
        line.serialize_entry("level", event.metadata().level().as_str())?;
        let mut fields = JsonFieldVisitor { line, written: Ok(()) };
        event.record(&mut fields);
        let JsonFieldVisitor { line, written } = fields;
        written?;
        line.end()?;
        Ok(text)
    }
}

/// Visitor that writes the fields of a `tracing` event into the JSON object of its log line.
struct JsonFieldVisitor<L: SerializeMap> {
    line: L,
    written: Result<(), L::Error>,
}

impl<L: SerializeMap> JsonFieldVisitor<L> {
    fn write_json_field(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        if self.written.is_ok() {
            self.written = self.line.serialize_entry(field.name(), value);
        }
    }
}

impl<L: SerializeMap> Visit for JsonFieldVisitor<L> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write_json_field(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write_json_field(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write_json_field(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write_json_field(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_json_field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write_json_field(field, &format_args!("{value:?}"));
    }
}
