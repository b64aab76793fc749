//! Pauses between the tries of a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::deadline;
use crate::meter::retry;

/// The first pause between two tries, at most; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause, at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(1600);
/// After how long the longest pause is half of that: who has waited for long is before who has just come.
const HALF_PATIENCE: Duration = Duration::from_secs(1);
/// What the longest pause never falls below.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);

/// Pauses between the tries of one request: exponential backoff with full jitter, whose bound falls again with the time
/// that the request has taken. Without that, a hundred writers of one item leave some of them behind for good.
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
    /// Whether nothing was tried again yet.
    pub(crate) fn is_first(&self) -> bool {
        self.tries == 0
    }

    /// Tries again at once, where nothing is to be waited for.
    pub(crate) fn skip(&mut self) {
        self.tries += 1;
        retry();
    }

    /// Waits before the next try; `None` when the deadline leaves no time for one.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.weighted(1.0).await
    }

    /// The same for what costs so many times as much to try.
    pub(crate) async fn weighted(&mut self, weight: f64) -> Option<()> {
        let patience = 1.0 + self.began.elapsed().div_duration_f64(HALF_PATIENCE).powi(2);
        let bound = LONGEST_PAUSE.div_f64(patience).max(SHORTEST_PAUSE);
        let longest = FIRST_PAUSE.saturating_mul(1 << self.tries.min(10)).min(bound);
        self.tries += 1;
        retry();
        deadline::pause(longest.mul_f64(weight * fastrand::f64())).await
    }
}
