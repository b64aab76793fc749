//! Logs: JSON, one line a request, and warnings of the libraries.

use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The target of our own lines.
pub const TARGET: &str = "leads-api";

/// Logs to `writer` from now on. A second call changes nothing.
pub fn init(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false);
    let targets = Targets::new().with_default(Level::WARN).with_target(TARGET, Level::INFO);
    let lines = json.with_span_list(false).with_writer(writer).with_filter(targets);
    // Only a second subscriber is refused, and the first stays.
    tracing_subscriber::registry().with(lines).try_init().ok();
}
