//! Workers that write the planned rows of a batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, stream};

use super::plan::{RowPlan, RowWrite};
use super::{BatchImport, StoredRowResults};
use crate::domain::error::Error;
use crate::domain::{
    ErrorCode, FieldError, IdempotencyKey, LeadChange, LeadId, LogId, PhotoName, RowOutcome, RowResult, Team,
};
use crate::store::idempotency::response_absent_or_expired;
use crate::store::ids::{IdSequence, id_from_number};
use crate::store::keys::ItemKey;
use crate::store::leads::LeadEdit;
use crate::store::leads::chunked_write::{
    AfterFailedCondition, CONCURRENT_WORKERS, ChunkedWrite, SentChunk, WorkerError, run_workers,
};
use crate::store::leads::writes::CountedWrites;
use crate::store::transaction::{FailedCondition, RetryState};

/// Maximum number of rows in a transaction. With the longest texts, this many rows and their log entries stay below the
/// limit of 4 MB for a transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const MAX_TRANSACTION_ROWS: usize = 24;
/// Rows per worker before another worker is started: about what one transaction (100 items) holds.
const ROWS_PER_WORKER: usize = 6;
/// Number of uploads that one worker promotes concurrently, that is, copies from `uploads/` to `photos/` in S3.
const CONCURRENT_PHOTOS: usize = 4;

/// Outcome of writing the rows of a batch.
#[derive(Default)]
pub(super) struct WrittenRows {
    pub results: Vec<RowResult>,
    /// Photos that rows replaced. The caller removes their S3 objects.
    pub replaced_photos: Vec<PhotoName>,
    /// The error because of which some rows were not written.
    pub failure: Option<Error>,
}

/// Ids for the new lead and the log entries of each row, by row index.
type RowIds = HashMap<usize, (Option<LeadId>, Vec<LogId>)>;

/// A worker with its share of the batch's rows.
struct BatchWorker<'a, K> {
    import: &'a BatchImport<'a, K>,
    ids: &'a RowIds,
    team: Team,
    /// Rows that are not written yet.
    rows: Vec<RowWrite>,
    results: Vec<RowResult>,
    replaced_photos: Vec<PhotoName>,
}

impl<K, F> BatchImport<'_, K>
where
    K: Fn(PhotoName) -> F + Sync,
    F: Future<Output = Result<(), Error>> + Send,
{
    /// Writes rows with a few concurrent workers.
    pub(super) async fn write_rows(&self, mut pending: Vec<RowWrite>, team: &Team) -> Result<WrittenRows, Error> {
        let ids = self.allocate_ids(&pending).await?;
        let workers = pending.len().div_ceil(ROWS_PER_WORKER).clamp(1, CONCURRENT_WORKERS);
        let rows_per_worker = pending.len().div_ceil(workers).max(1);
        let mut workers = Vec::new();
        while !pending.is_empty() {
            let rest = pending.split_off(rows_per_worker.min(pending.len()));
            let rows = std::mem::replace(&mut pending, rest);
            let (results, replaced_photos) = (Vec::new(), Vec::new());
            workers.push(BatchWorker { import: self, ids: &ids, team: team.clone(), rows, results, replaced_photos });
        }
        let mut written = WrittenRows::default();
        for (worker, interrupted) in run_workers(workers).await {
            written.results.extend(worker.results);
            written.replaced_photos.extend(worker.replaced_photos);
            if let Some(WorkerError { error, in_flight }) = interrupted {
                written.results.extend(unwritten_row_results(&worker.rows, in_flight, &error));
                written.failure = Error::prefer_unknown_outcome(written.failure, Some(error));
            }
        }
        Ok(written)
    }

    /// Allocates ids for leads and log entries, in the order of the rows.
    async fn allocate_ids(&self, pending: &[RowWrite]) -> Result<RowIds, Error> {
        let new = pending.iter().filter(|row| matches!(row.plan, RowPlan::Create)).count();
        if pending.is_empty() {
            return Ok(RowIds::new());
        }
        let log_entries = pending.iter().map(|row| row.plan.log_entry_count()).sum();
        let wanted = [(IdSequence::Lead, new), (IdSequence::Log, log_entries)];
        let [mut lead, mut log] = self.table.allocate_id_ranges(&self.actor.team, wanted).await?;
        let mut ids = RowIds::new();
        for row in pending {
            let id = match row.plan {
                RowPlan::Create => {
                    lead += 1;
                    LeadId::new(lead - 1)
                }
                RowPlan::Update { .. } => None,
            };
            let entries = row.plan.log_entry_count() as u64;
            let logs = (log..log + entries).map(id_from_number).collect::<Result<_, Error>>()?;
            ids.insert(row.index, (id, logs));
            log += entries;
        }
        Ok(ids)
    }

    async fn write_row(
        &self,
        ids: &RowIds,
        team: &Team,
        row: &RowWrite,
        writes: &mut CountedWrites<'_>,
    ) -> Result<RowResult, Error> {
        let (id, mut logs) = ids.get(&row.index).cloned().unwrap_or_default();
        // A row that was planned again may need more log ids than the first plan.
        self.table.allocate_log_ids(self.actor, &mut logs, row.plan.log_entry_count()).await?;
        match &row.plan {
            RowPlan::Create => {
                let id = match id {
                    Some(id) => id,
                    // The lead that the row was to update has been deleted meanwhile, so the row creates a lead.
                    None => self.table.allocate_lead_id(&self.actor.team).await?,
                };
                let mut lead = self.row(row.index).to_lead(team, id, self.actor.at)?;
                writes.create_counted_lead(self.actor, team, logs[0], &mut lead);
                Ok(RowResult::succeeded_row(row.index, Some(id), RowOutcome::Created))
            }
            RowPlan::Update { before, after, .. } => {
                LeadEdit::new(self.actor, team, before, (**after).clone()).write_into(writes, &logs, None)?;
                Ok(RowResult::updated_row(row.index, before))
            }
        }
    }

    /// Adds the results of rows to the transaction that writes the rows.
    fn store_row_results(
        &self,
        key: &IdempotencyKey,
        first: usize,
        rows: &[RowResult],
        writes: &mut CountedWrites<'_>,
    ) {
        let stored = StoredRowResults {
            request: key.request.clone(),
            rows: rows.to_vec(),
            ttl: key.response_expires_at(self.actor),
        };
        let to = ItemKey::StoredRows(self.actor, &key.key, first).of(&self.actor.team);
        let writer_mark = writes.transaction.writer_mark();
        writes.transaction.put_if(
            to,
            &stored,
            writer_mark,
            response_absent_or_expired(self.actor),
            FailedCondition::Changed,
        );
    }
}

impl<K, F> ChunkedWrite for BatchWorker<'_, K>
where
    K: Fn(PhotoName) -> F + Sync,
    F: Future<Output = Result<(), Error>> + Send,
{
    const MAX_ENTRIES_PER_TRANSACTION: usize = MAX_TRANSACTION_ROWS;

    /// The results that the transaction's rows have if the transaction commits.
    type SentEntries = Vec<RowResult>;

    fn is_done(&self) -> bool {
        self.rows.is_empty()
    }

    async fn send_chunk(
        &mut self,
        max: usize,
        tries: &mut RetryState,
    ) -> Result<SentChunk<Vec<RowResult>>, WorkerError> {
        let import = self.import;
        let mut writes = CountedWrites::new(import.table);
        let mut results = Vec::new();
        let reserved = usize::from(import.idempotency_key.is_some());
        for row in self.rows.iter().take(max) {
            let mut part = writes.empty_part();
            let result = import.write_row(self.ids, &self.team, row, &mut part).await?;
            if !writes.add_if_fits(part, reserved) {
                if results.is_empty() {
                    return Err(Error::internal("a row does not fit a transaction").into());
                }
                break;
            }
            results.push(result);
        }
        let photos = self.rows.iter().take(results.len()).filter_map(|row| import.new_photo(&row.plan, row.index));
        let promoted: Vec<F> = photos.map(import.promote).collect();
        let promoted: Vec<_> = stream::iter(promoted).buffer_unordered(CONCURRENT_PHOTOS).collect().await;
        promoted.into_iter().collect::<Result<(), Error>>()?;
        if let Some((idempotency_key, first)) = import.idempotency_key.zip(self.rows.first()) {
            import.store_row_results(idempotency_key, first.index, &results, &mut writes);
        }
        let entries = results.len();
        match writes.commit(import.actor, tries).await {
            Ok(outcome) => Ok(SentChunk { outcome, entries, chunk: results }),
            Err(error) => Err(WorkerError { error, in_flight: entries }),
        }
    }

    fn remove_committed(&mut self, results: Vec<RowResult>) {
        let written = self.rows.drain(..results.len());
        self.replaced_photos.extend(written.filter_map(|row| row.replaced_photo()));
        self.results.extend(results);
    }

    async fn replan_after_failed_condition(
        &mut self,
        failure: FailedCondition,
        chunk: Vec<RowResult>,
    ) -> Result<AfterFailedCondition, Error> {
        if let FailedCondition::PhotoUnavailable = failure {
            if chunk.len() > 1 {
                return Ok(AfterFailedCondition::Narrow);
            }
            self.results.push(unavailable_photo_result(self.rows.remove(0).index));
            return Ok(AfterFailedCondition::Settled);
        }
        let left: BTreeSet<usize> = self.rows.iter().map(|row| row.index).collect();
        let snapshot = self.import.read_snapshot(&left).await?;
        let mut results = BTreeMap::new();
        self.rows = self.import.plan_rows(&left, &snapshot, &mut results);
        self.team = snapshot.team;
        self.results.extend(results.into_values());
        Ok(AfterFailedCondition::ReadAgain)
    }
}

/// Results of rows that an error left unwritten. If the error leaves the outcome of the last transaction unknown, its
/// rows, the first `in_flight`, have the code `OutcomeUnknown`.
fn unwritten_row_results(rows: &[RowWrite], in_flight: usize, error: &Error) -> Vec<RowResult> {
    const UNKNOWN_OUTCOME_MESSAGE: &str = "Outcome unknown";
    let rows = rows.iter().enumerate();
    rows.map(|(n, row)| {
        let unknown = error.is_outcome_unknown() && n < in_flight;
        let (code, message) = if unknown {
            (ErrorCode::OutcomeUnknown, UNKNOWN_OUTCOME_MESSAGE)
        } else {
            (error.code(), error.message())
        };
        RowResult::failed_row(row.index, code, message, Vec::new())
    })
    .collect()
}

fn unavailable_photo_result(index: usize) -> RowResult {
    RowResult::invalid_row(
        index,
        LeadChange::INVALID_LEAD_MESSAGE,
        vec![FieldError::new("photo", PhotoName::unavailable_fault())],
    )
}
