//! Pauses between the tries of one request: exponential backoff with full jitter. The cap on the pause falls with the
//! age of the request, so that old requests try more often than new ones, see the bench `contention`.

use std::time::Duration;

use tokio::time::Instant;

use crate::platform::consumed_capacity::count_retry;
use crate::platform::deadline;

/// Upper limit of the random pause before the first retry. The limit doubles with each further retry.
const FIRST_PAUSE_CAP: Duration = Duration::from_millis(100);
/// Maximum of the doubling pause cap while a request is new. The maximum falls as the request grows older.
const INITIAL_MAX_PAUSE: Duration = Duration::from_millis(1600);
/// The pause cap halves after this much waiting, so that older requests retry sooner than new ones.
const PAUSE_CAP_HALF_LIFE: Duration = Duration::from_secs(1);
/// Lower bound of the falling limit on a pause: the limit is at least this long, however old the request is.
const MIN_MAX_PAUSE: Duration = Duration::from_millis(200);

/// Pauses between the tries of one request: exponential backoff with full jitter. The cap on the pause falls with the
/// age of the request, so that old requests try more often than new ones. With a constant cap, some of a hundred
/// concurrent writers of one item would lose every try until their deadline. The bench `contention` measures that.
#[derive(Debug)]
pub(crate) struct Backoff {
    tries: u32,
    began: Instant,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { tries: 0, began: Instant::now() }
    }
}

impl Backoff {
    /// Whether the request has not been retried yet.
    pub(crate) fn is_first_try(&self) -> bool {
        self.tries == 0
    }

    /// Counts a retry that the caller makes without a pause.
    pub(crate) fn count_immediate_retry(&mut self) {
        self.tries += 1;
        count_retry();
    }

    /// Pauses before the next try. Returns `None` at once if the deadline leaves no time for another try.
    pub(crate) async fn pause_before_retry(&mut self) -> Option<()> {
        self.pause_before_retry_weighted(1.0).await
    }

    /// Pauses `weight` times as long as [`Backoff::pause_before_retry`], for a request whose tries cost `weight` times
    /// as much.
    pub(crate) async fn pause_before_retry_weighted(&mut self, weight: f64) -> Option<()> {
        let patience = 1.0 + self.began.elapsed().div_duration_f64(PAUSE_CAP_HALF_LIFE).powi(2);
        let bound = INITIAL_MAX_PAUSE.div_f64(patience).max(MIN_MAX_PAUSE);
        let longest = FIRST_PAUSE_CAP.saturating_mul(1 << self.tries.min(10)).min(bound);
        self.tries += 1;
        count_retry();
        deadline::sleep_if_time_left(longest.mul_f64(weight * fastrand::f64())).await
    }
}
