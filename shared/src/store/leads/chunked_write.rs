//! Runs requests that change many leads: several concurrent workers, each of which writes its entries in one
//! transaction after another.

use futures_util::{StreamExt as _, stream};

use crate::domain::error::Error;
use crate::store::transaction::{FailedCondition, RetryState, TransactionOutcome};

/// Number of concurrent workers of one request. More workers would conflict with each other and with other requests, as
/// the bench `contention` shows.
pub(in crate::store) const CONCURRENT_WORKERS: usize = 3;

/// A worker that writes entries (leads of a bulk change, or rows of a batch) in chunks, one transaction for each chunk.
pub(in crate::store) trait ChunkedWrite: Send {
    /// Maximum number of entries that one transaction writes.
    const MAX_ENTRIES_PER_TRANSACTION: usize;

    /// Data about the entries of one transaction, which the worker needs once the outcome is known.
    type SentEntries: Send;

    /// Whether no entries are left to write.
    fn is_done(&self) -> bool;

    /// Sends a transaction with as many of the remaining entries as fit, at most `max`, in their order.
    fn send_chunk(
        &mut self,
        max: usize,
        tries: &mut RetryState,
    ) -> impl Future<Output = Result<SentChunk<Self::SentEntries>, WorkerError>> + Send;

    /// Removes committed entries from the remaining ones.
    fn remove_committed(&mut self, chunk: Self::SentEntries);

    /// Handles a failed condition: plans the remaining entries again from a new read, or singles out the entry that
    /// failed.
    fn replan_after_failed_condition(
        &mut self,
        failure: FailedCondition,
        chunk: Self::SentEntries,
    ) -> impl Future<Output = Result<AfterFailedCondition, Error>> + Send;
}

/// A transaction that was sent, with its outcome.
pub(in crate::store) struct SentChunk<C> {
    pub outcome: TransactionOutcome,
    pub entries: usize,
    pub chunk: C,
}

/// How a worker continues after a condition of its transaction failed.
pub(in crate::store) enum AfterFailedCondition {
    /// The remaining entries were planned again from a new read.
    ReadAgain,
    /// One of the transaction's entries cannot be written. Smaller transactions will single it out.
    Narrow,
    /// The only entry of the transaction has its final result.
    Settled,
}

/// The error that stopped a worker with entries (leads, or rows of a batch) still unwritten.
pub(in crate::store) struct WorkerError {
    pub error: Error,
    /// Number of entries in the last transaction, which are the first of the remaining ones. If the outcome of that
    /// transaction is unknown, so is the outcome of these entries.
    pub in_flight: usize,
}

impl From<Error> for WorkerError {
    fn from(error: Error) -> Self {
        Self { error, in_flight: 0 }
    }
}

/// Maximum number of entries of the next transaction. Halved by failures and doubled by commits.
#[derive(Debug, PartialEq, Eq)]
struct ChunkSize {
    size: usize,
    max: usize,
}

impl ChunkSize {
    fn new(max: usize) -> Self {
        Self { size: max, max }
    }

    /// Doubles the size after a commit.
    fn grow(&mut self) {
        self.size = self.size.saturating_mul(2).min(self.max);
    }

    /// Halves the size after a transaction of `sent` entries failed, so that fewer entries wait for the entry that
    /// conflicts.
    fn shrink(&mut self, sent: usize) {
        self.size = (sent / 2).max(1);
    }
}

/// Runs workers, [`CONCURRENT_WORKERS`] at a time. Returns each worker with the error that ended it, if any. A worker
/// that ended with an error still holds its unwritten entries.
pub(in crate::store) async fn run_workers<W: ChunkedWrite>(workers: Vec<W>) -> Vec<(W, Option<WorkerError>)> {
    let running = workers.into_iter().map(|mut worker| async move {
        let interrupted = run(&mut worker).await.err();
        (worker, interrupted)
    });
    stream::iter(running.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_WORKERS).collect().await
}

async fn run<W: ChunkedWrite>(worker: &mut W) -> Result<(), WorkerError> {
    let mut size = ChunkSize::new(W::MAX_ENTRIES_PER_TRANSACTION);
    let mut tries = RetryState::default();
    while !worker.is_done() {
        let SentChunk { outcome, entries, chunk } = worker.send_chunk(size.size, &mut tries).await?;
        match &outcome {
            TransactionOutcome::Committed => {
                worker.remove_committed(chunk);
                size.grow();
                continue;
            }
            TransactionOutcome::Contended => size.shrink(entries),
            TransactionOutcome::Refused(failure, _) => {
                match worker.replan_after_failed_condition(*failure, chunk).await? {
                    AfterFailedCondition::ReadAgain => {}
                    AfterFailedCondition::Narrow => size.shrink(entries),
                    AfterFailedCondition::Settled => continue,
                }
            }
        }
        tries.prepare_next_attempt(&outcome).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_shrinks_when_it_fails_and_grows_when_it_commits() {
        let mut size = ChunkSize::new(24);
        size.shrink(24);
        assert_eq!(size.size, 12);
        // The failed transaction had only seven entries.
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
