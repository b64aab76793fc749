//! The engine of requests that change many leads: several workers, each of which writes some entries in one transaction
//! after the other.

use futures_util::{StreamExt as _, stream};

use crate::domain::error::Error;
use crate::store::transaction::{FailedCondition, RetryState, TransactionOutcome};

/// Number of concurrent workers of one request. More would conflict with each other and with other requests. The bench
/// `contention` measures it.
pub(in crate::store) const CONCURRENT_WORKERS: usize = 3;

/// Writes entries (leads of a bulk change, or rows of a batch) in chunks, each in one transaction.
pub(in crate::store) trait ChunkedWrite: Send {
    /// Maximum number of entries that one transaction writes.
    const MAX_ENTRIES: usize;

    /// What is known of the entries of a transaction that was sent.
    type Chunk: Send;

    /// Whether every entry is written.
    fn is_done(&self) -> bool;

    /// Sends a transaction with as many of the first entries as fit, at most `max`.
    fn send(
        &mut self,
        max: usize,
        tries: &mut RetryState,
    ) -> impl Future<Output = Result<SentChunk<Self::Chunk>, Interrupted>> + Send;

    /// Removes the entries of a transaction that committed.
    fn record_committed(&mut self, chunk: Self::Chunk);

    /// Decides again after a failed condition.
    fn resolve(
        &mut self,
        failure: FailedCondition,
        chunk: Self::Chunk,
    ) -> impl Future<Output = Result<Resolution, Error>> + Send;
}

/// A transaction that was sent.
pub(in crate::store) struct SentChunk<C> {
    pub outcome: TransactionOutcome,
    pub entries: usize,
    pub chunk: C,
}

/// What follows a failed condition.
pub(in crate::store) enum Resolution {
    /// The entries were decided again from a new read.
    ReadAgain,
    /// One of the entries cannot be written. Smaller transactions find it.
    Narrow,
    /// The only entry of the transaction has its final result.
    Settled,
}

/// The error that ended a worker.
pub(in crate::store) struct Interrupted {
    pub error: Error,
    /// Number of the first entries that were in the last transaction: if its outcome is unknown, so is theirs.
    pub in_flight: usize,
}

impl From<Error> for Interrupted {
    fn from(error: Error) -> Self {
        Self { error, in_flight: 0 }
    }
}

/// Maximum number of entries of the next transaction.
#[derive(Debug, PartialEq, Eq)]
struct BatchSize {
    size: usize,
    max: usize,
}

impl BatchSize {
    fn new(max: usize) -> Self {
        Self { size: max, max }
    }

    /// Doubles the size after a commit.
    fn grow(&mut self) {
        self.size = self.size.saturating_mul(2).min(self.max);
    }

    /// Halves the size of a transaction that failed: a smaller one spares its other entries the next wait.
    fn shrink(&mut self, sent: usize) {
        self.size = (sent / 2).max(1);
    }
}

/// Runs workers, a few at once. Returns each with the error that ended it, if any; it still has the entries that are
/// left then.
pub(in crate::store) async fn write_chunks<W: ChunkedWrite>(workers: Vec<W>) -> Vec<(W, Option<Interrupted>)> {
    let running = workers.into_iter().map(|mut worker| async move {
        let interrupted = run(&mut worker).await.err();
        (worker, interrupted)
    });
    stream::iter(running.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_WORKERS).collect().await
}

async fn run<W: ChunkedWrite>(worker: &mut W) -> Result<(), Interrupted> {
    let mut size = BatchSize::new(W::MAX_ENTRIES);
    let mut tries = RetryState::default();
    while !worker.is_done() {
        let SentChunk { outcome, entries, chunk } = worker.send(size.size, &mut tries).await?;
        match &outcome {
            TransactionOutcome::Committed => {
                worker.record_committed(chunk);
                size.grow();
                continue;
            }
            TransactionOutcome::Contended => size.shrink(entries),
            TransactionOutcome::Refused(failure, _) => match worker.resolve(*failure, chunk).await? {
                Resolution::ReadAgain => {}
                Resolution::Narrow => size.shrink(entries),
                Resolution::Settled => continue,
            },
        }
        tries.after(&outcome).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_shrinks_when_it_fails_and_grows_when_it_commits() {
        let mut size = BatchSize::new(24);
        size.shrink(24);
        assert_eq!(size.size, 12);
        // Only seven entries were left.
        size.shrink(7);
        assert_eq!(size.size, 3);
        size.shrink(1);
        assert_eq!(size.size, 1);
        let sizes = std::iter::repeat_with(|| {
            size.grow();
            size.size
        });
        assert_eq!(sizes.take(6).collect::<Vec<_>>(), [2, 4, 8, 16, 24, 24]);
    }
}
