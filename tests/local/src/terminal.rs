//! Log output for a terminal: a short line for each request, and warnings and errors.

use std::fmt;
use std::io;

use shared::platform::telemetry::LOG_TARGET;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging to standard error. Leaves out warnings of emulators and libraries.
pub(crate) fn start_terminal_log() {
    let targets = Targets::new().with_default(Level::ERROR).with_target(LOG_TARGET, Level::INFO);
    let lines = tracing_subscriber::fmt::layer().event_format(LineFormat).with_writer(io::stderr);
    // Initialization fails only if a subscriber is already set, which then stays.
    tracing_subscriber::registry().with(lines.with_filter(targets)).try_init().ok();
}

struct LineFormat;

#[derive(Default)]
struct EventFields {
    message: String,
    status: u64,
    route: String,
    ms: f64,
    error: Option<String>,
}

impl Visit for EventFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "ms" {
            self.ms = value;
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "route" => self.route = format!("{value:?}"),
            "message" => self.message = format!("{value:?}"),
            "error" => self.error = Some(format!("{value:?}")),
            _ => {}
        }
    }
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let EventFields { message, status, route, ms, error } = fields;
        let error = error.map(|error| format!("  {error}")).unwrap_or_default();
        if status > 0 {
            writeln!(writer, "{status} {route}  {ms:.0} ms{error}")
        } else if *event.metadata().level() <= Level::WARN {
            writeln!(writer, "{}: {message}{error}", event.metadata().level())
        } else {
            Ok(())
        }
    }
}
