//! A clock that tests move forward, so that they need not wait for hours.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::domain::Timestamp;

/// The current time plus an offset that tests increase. The queues, and the functions that event sources invoke, use
/// this clock. Cheap to clone; all clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct SimulatedClock(Arc<AtomicI64>);

impl SimulatedClock {
    /// The current time plus the offset.
    pub fn current_time(&self) -> Timestamp {
        let now = Timestamp::from(jiff::Timestamp::now());
        Timestamp::from_millisecond(now.as_millisecond() + self.0.load(Ordering::Relaxed))
    }

    /// Adds `by` to the offset.
    pub fn advance_clock(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}
