//! Logs: JSON lines, one a request, and warnings of the libraries. The template makes metrics of the numbers in the lines of
//! requests; what is zero or empty is left out where that changes no metric.

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

use crate::meter::Cost;

/// The target of our own lines.
pub const TARGET: &str = "leads-api";
/// The name of a request's event, and its message.
const REQUEST: &str = "request";

/// Logs to standard output, as Lambda wants it.
pub fn start() {
    init(std::io::stdout, Level::WARN);
}

/// Logs to `writer` from now on; of libraries only what is as grave as `libraries`. A second call changes nothing.
pub fn init(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, libraries: Level) {
    let targets = Targets::new().with_default(libraries).with_target(TARGET, Level::INFO);
    let lines = tracing_subscriber::fmt::layer().event_format(Lines).with_writer(writer);
    // Only a second subscriber is refused, and the first stays.
    tracing_subscriber::registry().with(lines.with_filter(targets)).try_init().ok();
}

/// What the log says of a request: never a token, an e-mail address or a body.
#[derive(Debug)]
pub struct Request<'a> {
    /// The gateway's id of it, which errors tell the caller.
    pub id: &'a str,
    /// `GET /leads/{id}`
    pub route: &'a str,
    /// Whose it is; empty when nobody's.
    pub team: &'a str,
    /// The id of who sent it; empty when nobody did.
    pub user: &'a str,
    /// The name of the API key that sent it; empty when none did.
    pub key: &'a str,
    /// The HTTP status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
    /// What it asked of DynamoDB.
    pub cost: Cost,
    /// Why it failed, where that is ours to know.
    pub error: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Writes its line.
    pub fn log(&self) {
        static COLD: AtomicBool = AtomicBool::new(true);
        let Self { id, route, team, user, key, status, cost, error, .. } = *self;
        let ms = millis(self.took);
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        let counted = |n: u32| (n > 0).then_some(n);
        let (team, user, key) = (given(team), given(user), given(key));
        let cold_start = counted(u32::from(COLD.swap(false, Ordering::Relaxed)));
        let (retries, fault) = (counted(cost.retries), counted(u32::from(status >= 500)));
        macro_rules! write_line {
            ($level:expr) => {
                tracing::event!(name: REQUEST, target: TARGET, $level, requestId = id, route, team, user, key, status, ms,
                    trips = cost.trips, readUnits = cost.read_units, writeUnits = cost.write_units,
                    retries, coldStart = cold_start, fault, error, "{REQUEST}")
            };
        }
        if error.is_some() { write_line!(Level::ERROR) } else { write_line!(Level::INFO) }
    }
}

/// Milliseconds to two decimals.
pub fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}

/// An event as one line of JSON.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let line = Self::line(event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

impl Lines {
    fn line(event: &Event<'_>) -> serde_json::Result<Vec<u8>> {
        let now = Timestamp::now();
        let mut text = Vec::with_capacity(1024);
        let mut line = serde_json::Serializer::new(&mut text);
        let mut line = line.serialize_map(None)?;
        line.serialize_entry("timestamp", &now.round(Unit::Millisecond).unwrap_or(now))?;
        line.serialize_entry("level", event.metadata().level().as_str())?;
        let mut fields = Fields { line, written: Ok(()) };
        event.record(&mut fields);
        let Fields { line, written } = fields;
        written?;
        line.end()?;
        Ok(text)
    }
}

/// Writes the fields of an event.
struct Fields<L: SerializeMap> {
    line: L,
    written: Result<(), L::Error>,
}

impl<L: SerializeMap> Fields<L> {
    fn write(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        if self.written.is_ok() {
            self.written = self.line.serialize_entry(field.name(), value);
        }
    }
}

impl<L: SerializeMap> Visit for Fields<L> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, &format_args!("{value:?}"));
    }
}
