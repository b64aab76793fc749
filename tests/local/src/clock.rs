//! A clock that tests move forward, so that they need not wait for hours.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::domain::Timestamp;

/// The time of scheduled and queued work. Cheap to clone; all clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::from(jiff::Timestamp::now());
        Timestamp::from_millisecond(now.as_millisecond() + self.0.load(Ordering::Relaxed))
    }

    /// Moves it.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}
