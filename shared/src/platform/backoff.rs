//! Pauses between the tries of a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::platform::consumed_capacity::count_retry;
use crate::platform::deadline;

/// Cap of the first pause. It doubles with each try.
const FIRST_PAUSE_CAP: Duration = Duration::from_millis(100);
/// Upper limit of the pause cap.
const MAX_PAUSE_CAP: Duration = Duration::from_millis(1600);
/// The pause cap halves after this much waiting, so that older requests retry sooner than new ones.
const PAUSE_CAP_HALF_LIFE: Duration = Duration::from_secs(1);
/// Lower limit of the pause cap.
const MIN_PAUSE_CAP: Duration = Duration::from_millis(200);

/// Pauses between the tries of one request: exponential backoff with full jitter. The cap falls again with the age of
/// the request. Without that, some of a hundred writers of one item would lose until their deadline. The bench
/// `contention` measures it.
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
    /// Whether there was no retry yet.
    pub(crate) fn is_first_try(&self) -> bool {
        self.tries == 0
    }

    /// Counts a retry that does not wait.
    pub(crate) fn skip(&mut self) {
        self.tries += 1;
        count_retry();
    }

    /// Waits before the next try. `None` if the deadline leaves no time for one.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.next_weighted(1.0).await
    }

    /// As [`Backoff::next`], with a pause that is `weight` times as long, for tries that cost so much more.
    pub(crate) async fn next_weighted(&mut self, weight: f64) -> Option<()> {
        let patience = 1.0 + self.began.elapsed().div_duration_f64(PAUSE_CAP_HALF_LIFE).powi(2);
        let bound = MAX_PAUSE_CAP.div_f64(patience).max(MIN_PAUSE_CAP);
        let longest = FIRST_PAUSE_CAP.saturating_mul(1 << self.tries.min(10)).min(bound);
        self.tries += 1;
        count_retry();
        deadline::pause(longest.mul_f64(weight * fastrand::f64())).await
    }
}
