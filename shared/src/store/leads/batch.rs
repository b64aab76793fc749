//! Batches of rows. Each row is written whole or not at all. A transaction holds several rows, and several transactions
//! run at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::domain::error::Error;
use crate::domain::{
    Actor, BatchMode, DomainError, ErrorCode, ExistingLead, FieldError, IdempotencyKey, Lead, LeadBatch, LeadId,
    LeadRow, LogId, NewLead, PhotoName, RequestBody as _, RowOutcome, RowResult, StoredResponse, Team, WriteMode,
};
use crate::store::idempotency::free;
use crate::store::ids::{Sequence, to_id};
use crate::store::keys::{Key, PrimaryKey, Range};
use crate::store::leads::LeadEdit;
use crate::store::leads::bulk::CONCURRENT_WORKERS;
use crate::store::leads::writes::{CountedWrites, EmailLock, decode_live_lead};
use crate::store::photos::{Upload, is_free};
use crate::store::teams::take_team;
use crate::store::transaction::{FailedCondition, RetryState, Transaction, TransactionOutcome};
use crate::store::{Consistency, Table, decode};

/// Maximum number of rows of a transaction, so that rows and log entries of the longest texts stay below its 4 MB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const MAX_TRANSACTION_ROWS: usize = 24;
/// Rows per worker before another worker is started: about what one transaction (100 items) holds.
const ROWS_PER_WORKER: usize = 6;
/// Number of uploads that are promoted to photos at once.
const CONCURRENT_PHOTOS: usize = 4;

/// Results of rows, stored in the transaction that writes the rows.
#[derive(Serialize, Deserialize)]
struct StoredRows {
    request: String,
    rows: Vec<RowResult>,
    ttl: u64,
}

/// The state that rows are decided from.
struct Snapshot {
    team: Team,
    /// Existing leads with the rows' addresses, by row.
    leads: HashMap<usize, Lead>,
    /// Rows whose photo is no free upload.
    unavailable_photos: BTreeSet<usize>,
    /// Stored results of rows from an earlier try of this request.
    done: BTreeMap<usize, RowResult>,
    /// The stored answer of an earlier try of this request.
    answer: Option<StoredResponse>,
}

/// The write that a row needs.
enum RowPlan {
    Create,
    Update { before: Box<Lead>, after: Box<Lead>, log_entries: usize },
}

impl RowPlan {
    fn log_entries(&self) -> usize {
        match self {
            Self::Create => 1,
            Self::Update { log_entries, .. } => *log_entries,
        }
    }
}

/// A row that is to be written.
struct RowWrite {
    index: usize,
    plan: RowPlan,
}

/// One request.
struct Import<'a, K> {
    table: &'a Table,
    actor: &'a Actor,
    batch: &'a LeadBatch,
    idempotency_key: Option<&'a IdempotencyKey>,
    /// Whether the caller may read leads. A caller who may not learns that an address exists only from a row that is
    /// valid in every other way.
    caller_may_read: bool,
    /// Promotes an upload so that it stays, before a lead is given it.
    promote: &'a K,
    /// Rows that are not matched with leads, because their address is bad or an earlier row has it, with the fault of
    /// the latter.
    unmatched: BTreeMap<usize, Vec<FieldError>>,
}

/// Progress of a worker.
#[derive(Default)]
struct WorkerProgress {
    results: Vec<RowResult>,
    /// Photos that were replaced.
    replaced_photos: Vec<PhotoName>,
    /// The error that left rows unwritten.
    failure: Option<Error>,
}

/// Ids for new leads and log entries, by row.
type Ids = HashMap<usize, (Option<LeadId>, Vec<LogId>)>;

impl Table {
    /// Writes the rows of a batch. Two trips, one more if leads are changed, and then transactions. A row that an
    /// earlier try with the same idempotency key wrote keeps its result. Returns the answer, and photos that were
    /// replaced: the caller removes their objects.
    ///
    /// # Errors
    /// 409 or 503 when nothing was written. After the first write, the results of the rows that are left have the error
    /// instead.
    pub async fn write_leads<F: Future<Output = Result<(), Error>>>(
        &self,
        actor: &Actor,
        batch: &LeadBatch,
        idempotency_key: Option<&IdempotencyKey>,
        caller_may_read: bool,
        promote: impl Fn(PhotoName) -> F,
        answer: impl Fn(Vec<RowResult>) -> StoredResponse,
    ) -> Result<(StoredResponse, Vec<PhotoName>), Error> {
        // A dry run writes nothing, so there is nothing to repeat.
        let idempotency_key = idempotency_key.filter(|_| !batch.dry_run);
        let unmatched = unmatched(batch, caller_may_read);
        let import =
            Import { table: self, actor, batch, idempotency_key, caller_may_read, promote: &promote, unmatched };
        let rows: BTreeSet<usize> = (0..batch.rows.len()).collect();
        let mut seen = import.look(&rows).await?;
        if let Some(answer) = seen.answer {
            return Ok((answer, Vec::new()));
        }
        import.add_businesses(&rows, &mut seen).await?;
        let mut results = BTreeMap::new();
        let pending = import.triage(&rows, &seen, &mut results);
        if batch.dry_run {
            results.extend(pending.iter().map(|row| (row.index, row.expected())));
            return Ok((answer(results.into_values().collect()), Vec::new()));
        }
        let WorkerProgress { results: decided, replaced_photos, failure } = import.write(pending, &seen.team).await?;
        results.extend(decided.into_iter().map(|result| (result.index, result)));
        let written = |result: &RowResult| matches!(result.result, RowOutcome::Created | RowOutcome::Updated);
        match (failure, idempotency_key) {
            (Some(error), _) if !results.values().any(written) => return Err(error),
            // The same request, sent again, goes on.
            (Some(error), _) => tracing::warn!(%error, "rows are left"),
            (None, Some(idempotency_key)) => match import.store(idempotency_key, &mut results, &answer).await {
                Ok(stored) => return Ok((stored, replaced_photos)),
                // The same request, sent again, is answered from the stored results of its rows.
                Err(error) => tracing::warn!(%error, "an answer is not stored"),
            },
            (None, None) => {}
        }
        Ok((answer(results.into_values().collect()), replaced_photos))
    }
}

impl<K, F> Import<'_, K>
where
    K: Fn(PhotoName) -> F,
    F: Future<Output = Result<(), Error>>,
{
    fn row(&self, index: usize) -> &LeadRow {
        &self.batch.rows[index]
    }

    /// Reads the state that rows are decided from. One trip, one more if their addresses have leads.
    async fn look(&self, rows: &BTreeSet<usize>) -> Result<Snapshot, Error> {
        let team = &self.actor.team;
        let matched = rows.iter().filter(|index| !self.unmatched.contains_key(index));
        let locks: HashMap<_, usize> = matched
            .filter_map(|index| Some((Key::EmailLock(&self.row(*index).email()?.fingerprint()).of(team), *index)))
            .collect();
        let photo = |index: &usize| Some((*index, self.row(*index).photo()?.parse::<PhotoName>().ok()?));
        let photos: Vec<(usize, PrimaryKey)> =
            rows.iter().filter_map(photo).map(|(index, photo)| (index, Key::Photo(&photo).of(team))).collect();
        let uploads: HashSet<&PrimaryKey> = photos.iter().map(|(_, key)| key).collect();
        let keys = locks.keys().chain(uploads).cloned().chain([Key::Team.of(team)]).collect();
        let (mut items, (done, answer)) =
            tokio::try_join!(self.table.get_all(keys, Consistency::Strong), self.before())?;
        let names = take_team(&mut items, team)?;
        let mut unavailable_photos = BTreeSet::new();
        for (index, key) in &photos {
            let upload: Option<Upload> = items.get(key).cloned().map(decode).transpose()?;
            if !is_free(upload.as_ref(), self.actor.at) {
                unavailable_photos.insert(*index);
            }
        }
        let mut owners = HashMap::new();
        for (key, item) in items {
            if let Some(index) = locks.get(&key) {
                owners.insert(Key::Lead(decode::<EmailLock>(item)?.lead).of(team), *index);
            }
        }
        let items = self.table.get_all(owners.keys().cloned().collect(), Consistency::Strong).await?;
        let mut leads = HashMap::new();
        for (key, item) in items {
            if let Some((index, lead)) = owners.get(&key).copied().zip(decode_live_lead(item)?) {
                leads.insert(index, lead);
            }
        }
        Ok(Snapshot { team: names, leads, unavailable_photos, done, answer })
    }

    /// Stored results and answer of an earlier try of this request.
    async fn before(&self) -> Result<(BTreeMap<usize, RowResult>, Option<StoredResponse>), Error> {
        let Some(idempotency_key) = self.idempotency_key else { return Ok((BTreeMap::new(), None)) };
        let range = Range::stored_response(self.actor, &idempotency_key.key);
        let mut done = BTreeMap::new();
        for item in self.table.query_all(&range, Consistency::Strong).await? {
            if !item.contains_key("rows") {
                match idempotency_key.earlier(self.actor, Some(item))? {
                    Some(answer) => return Ok((done, Some(answer))),
                    None => continue,
                }
            }
            let stored: StoredRows = decode(item)?;
            if stored.ttl > self.actor.at.as_second() {
                idempotency_key.same_request(&stored.request)?;
                done.extend(stored.rows.into_iter().map(|row| (row.index, row)));
            }
        }
        Ok((done, None))
    }

    /// Creates the unknown businesses that rows name, if the request asks for it. A dry run adds them only to the state
    /// that was read.
    async fn add_businesses(&self, rows: &BTreeSet<usize>, seen: &mut Snapshot) -> Result<(), Error> {
        if !self.batch.create_businesses {
            return Ok(());
        }
        let unknown_in = |index: &usize, team| {
            let names: Vec<String> = self.row(*index).unknown_businesses(team).map(str::to_owned).collect();
            names
        };
        // A row that will be refused creates no businesses.
        let known = seen.team.clone();
        seen.team.add_businesses(&rows.iter().flat_map(|index| unknown_in(index, &known)).collect::<Vec<_>>());
        let written = rows.iter().filter(|index| self.decide(**index, seen).is_ok());
        let names: Vec<String> = written.flat_map(|index| unknown_in(index, &known)).collect();
        seen.team = known;
        if names.is_empty() {
            return Ok(());
        }
        if self.batch.dry_run {
            seen.team.add_businesses(&names);
            return Ok(());
        }
        seen.team = self.table.add_businesses(self.actor, &names).await?;
        Ok(())
    }

    /// The result of a row that the mode refuses: its address exists, does not exist, or is missing.
    fn refusal_by_mode(&self, index: usize, seen: &Snapshot) -> Option<RowResult> {
        match (self.batch.mode, seen.leads.get(&index)) {
            (BatchMode::Create, Some(lead)) => {
                let existing = Some(ExistingLead { id: lead.id, archived: lead.archived });
                let failed = RowResult::failed(index, ErrorCode::EmailExists, "Email already exists", Vec::new());
                Some(RowResult { existing, ..failed })
            }
            (BatchMode::Update, None) => {
                let fault = match self.row(index).email() {
                    Some(_) => ErrorCode::LeadNotFound.fault("is the address of no lead"),
                    None => ErrorCode::Required.fault("is required to find the lead"),
                };
                Some(RowResult::invalid(index, "Lead not found", vec![FieldError::new("email", fault)]))
            }
            _ => None,
        }
    }

    /// Whether a row would give its lead a photo that is no free upload.
    fn has_unavailable_photo(&self, index: usize, seen: &Snapshot) -> bool {
        let keeps_its_own = |lead: &Lead| {
            let fills = self.batch.over == WriteMode::FillEmpty && !lead.photo.is_empty();
            fills || self.row(index).photo() == Some(&lead.photo)
        };
        seen.unavailable_photos.contains(&index) && !seen.leads.get(&index).is_some_and(keeps_its_own)
    }

    /// The result of a row with bad fields. Its photo is one of them if it is no free upload.
    fn invalid(&self, index: usize, seen: &Snapshot, mut faults: Vec<FieldError>) -> RowResult {
        if self.has_unavailable_photo(index, seen) {
            faults.push(FieldError::new("photo", PhotoName::unavailable()));
        }
        RowResult::invalid(index, NewLead::INVALID, faults)
    }

    /// The lead, or the row's result that names every bad field.
    fn checked(&self, index: usize, seen: &Snapshot, lead: Result<Lead, DomainError>) -> Result<Lead, RowResult> {
        match lead {
            Ok(lead) if !self.has_unavailable_photo(index, seen) => Ok(lead),
            Ok(_) => Err(self.invalid(index, seen, Vec::new())),
            Err(DomainError::InvalidLead(faults)) => Err(self.invalid(index, seen, faults)),
            Err(refusal) => {
                let error = Error::from(refusal);
                Err(RowResult::failed(index, error.code(), error.message(), Vec::new()))
            }
        }
    }

    /// The write that a row needs, or its result if it needs none.
    fn decide(&self, index: usize, seen: &Snapshot) -> Result<RowPlan, RowResult> {
        let row = self.row(index);
        if let Some(faults) = self.unmatched.get(&index) {
            return Err(self.invalid(index, seen, [row.faults_in(&seen.team), faults.clone()].concat()));
        }
        let new = || self.checked(index, seen, row.to_lead(&seen.team, LeadId::MIN, self.actor.at));
        if !self.caller_may_read {
            new()?;
        }
        if let Some(result) = self.refusal_by_mode(index, seen) {
            return Err(result);
        }
        match seen.leads.get(&index) {
            None => new().map(|_| RowPlan::Create),
            Some(before) => {
                let after = self.checked(index, seen, row.apply(before, &seen.team, self.batch.over))?;
                let log_entries = LeadEdit::new(self.actor, &seen.team, before, after.clone()).log_entries();
                if log_entries == 0 {
                    let done = RowResult::done(index, Some(before.id), RowOutcome::Unchanged);
                    return Err(RowResult { archived: before.archived, ..done });
                }
                Ok(RowPlan::Update { before: Box::new(before.clone()), after: Box::new(after), log_entries })
            }
        }
    }

    /// Decides what each row needs. Results of rows that need no write go to `results`; the other rows are returned.
    fn triage(
        &self,
        rows: &BTreeSet<usize>,
        seen: &Snapshot,
        results: &mut BTreeMap<usize, RowResult>,
    ) -> Vec<RowWrite> {
        let mut pending = Vec::new();
        for index in rows {
            match seen.done.get(index).cloned().map_or_else(|| self.decide(*index, seen), Err) {
                Ok(plan) => pending.push(RowWrite { index: *index, plan }),
                Err(result) => drop(results.insert(*index, result)),
            }
        }
        pending
    }

    /// The upload that a row gives its lead, if that is a new photo.
    fn new_photo(&self, plan: &RowPlan, index: usize) -> Option<PhotoName> {
        match plan {
            RowPlan::Create => self.row(index).photo()?.parse().ok(),
            RowPlan::Update { before, after, .. } if before.photo != after.photo => after.photo.parse().ok(),
            RowPlan::Update { .. } => None,
        }
    }

    /// Takes ids for leads and log entries, in the order of the rows.
    async fn take_ids(&self, pending: &[RowWrite]) -> Result<Ids, Error> {
        let new = pending.iter().filter(|row| matches!(row.plan, RowPlan::Create)).count();
        if pending.is_empty() {
            return Ok(Ids::new());
        }
        let log_entries = pending.iter().map(|row| row.plan.log_entries()).sum();
        let wanted = [(Sequence::Lead, new), (Sequence::Log, log_entries)];
        let [mut lead, mut log] = self.table.next_ids(&self.actor.team, wanted).await?;
        let mut ids = Ids::new();
        for row in pending {
            let id = match row.plan {
                RowPlan::Create => {
                    lead += 1;
                    LeadId::new(lead - 1)
                }
                RowPlan::Update { .. } => None,
            };
            let entries = row.plan.log_entries() as u64;
            let logs = (log..log + entries).map(to_id).collect::<Result<_, Error>>()?;
            ids.insert(row.index, (id, logs));
            log += entries;
        }
        Ok(ids)
    }

    /// Writes rows with a few concurrent workers.
    async fn write(&self, mut pending: Vec<RowWrite>, team: &Team) -> Result<WorkerProgress, Error> {
        let ids = self.take_ids(&pending).await?;
        let workers = pending.len().div_ceil(ROWS_PER_WORKER).clamp(1, CONCURRENT_WORKERS);
        let of_worker = pending.len().div_ceil(workers).max(1);
        let mut workers = Vec::new();
        while !pending.is_empty() {
            let rest = pending.split_off(of_worker.min(pending.len()));
            workers.push(self.run_worker(&ids, team.clone(), std::mem::replace(&mut pending, rest)));
        }
        let mut progress = WorkerProgress::default();
        let workers: Vec<WorkerProgress> = stream::iter(workers).buffer_unordered(CONCURRENT_WORKERS).collect().await;
        for worker in workers {
            progress.results.extend(worker.results);
            progress.replaced_photos.extend(worker.replaced_photos);
            progress.failure = Error::prefer_unknown_outcome(progress.failure, worker.failure);
        }
        Ok(progress)
    }

    /// Writes the rows of one worker, one transaction after the other.
    async fn run_worker(&self, ids: &Ids, mut team: Team, mut rows: Vec<RowWrite>) -> WorkerProgress {
        let mut progress = WorkerProgress::default();
        let mut most = MAX_TRANSACTION_ROWS;
        let mut tries = RetryState::default();
        while !rows.is_empty() {
            let sent = self.write_some(ids, &team, &rows, most, &mut tries).await;
            let (outcome, written) = match sent {
                Ok(sent) => sent,
                Err((error, under_way)) => {
                    progress.give_up(rows, under_way, error);
                    return progress;
                }
            };
            match &outcome {
                TransactionOutcome::Committed => {
                    for (row, result) in rows.drain(..written.len()).zip(written) {
                        progress.replaced_photos.extend(row.replaced_photo());
                        progress.results.push(result);
                    }
                    most = MAX_TRANSACTION_ROWS;
                    continue;
                }
                // The transaction had only this row.
                TransactionOutcome::Refused(FailedCondition::PhotoUnavailable, _) if written.len() == 1 => {
                    progress.results.push(no_photo(rows.remove(0).index));
                    continue;
                }
                TransactionOutcome::Refused(FailedCondition::PhotoUnavailable, _) | TransactionOutcome::Contended => {
                    most = (written.len() / 2).max(1);
                }
                TransactionOutcome::Refused(..) => {
                    let left: BTreeSet<usize> = rows.iter().map(|row| row.index).collect();
                    match self.look(&left).await {
                        Ok(seen) => {
                            let mut results = BTreeMap::new();
                            rows = self.triage(&left, &seen, &mut results);
                            team = seen.team;
                            progress.results.extend(results.into_values());
                        }
                        Err(error) => {
                            progress.give_up(rows, 0, error);
                            return progress;
                        }
                    }
                }
            }
            if let Err(error) = tries.after(&outcome).await {
                progress.give_up(rows, 0, error);
                return progress;
            }
        }
        progress
    }

    /// Sends one transaction with as many of the first rows as fit, at most `most`. Returns its outcome, and the result
    /// of each row if it commits. An error comes with the number of rows whose outcome is unknown.
    async fn write_some(
        &self,
        ids: &Ids,
        team: &Team,
        rows: &[RowWrite],
        most: usize,
        tries: &mut RetryState,
    ) -> Result<(TransactionOutcome, Vec<RowResult>), (Error, usize)> {
        let nothing = |error| (error, 0);
        let mut writes = CountedWrites::new(self.table);
        let mut results = Vec::new();
        let reserved = usize::from(self.idempotency_key.is_some());
        for row in rows.iter().take(most) {
            let mut part = writes.part();
            let result = self.write_row(ids, team, row, &mut part).await.map_err(nothing)?;
            if !writes.add(part, reserved) {
                if results.is_empty() {
                    return Err(nothing(Error::internal("a row does not fit a transaction")));
                }
                break;
            }
            results.push(result);
        }
        let photos = rows.iter().take(results.len()).filter_map(|row| self.new_photo(&row.plan, row.index));
        let kept: Vec<F> = photos.map(self.promote).collect();
        let kept: Vec<_> = stream::iter(kept).buffer_unordered(CONCURRENT_PHOTOS).collect().await;
        kept.into_iter().collect::<Result<(), Error>>().map_err(nothing)?;
        if let Some((idempotency_key, first)) = self.idempotency_key.zip(rows.first()) {
            self.remember(idempotency_key, first.index, &results, &mut writes);
        }
        let outcome = writes.commit(self.actor, tries).await.map_err(|error| (error, results.len()))?;
        Ok((outcome, results))
    }

    async fn write_row(
        &self,
        ids: &Ids,
        team: &Team,
        row: &RowWrite,
        writes: &mut CountedWrites<'_>,
    ) -> Result<RowResult, Error> {
        let (id, mut logs) = ids.get(&row.index).cloned().unwrap_or_default();
        // A row that was decided again may need more log ids.
        self.table.take_logs(self.actor, &mut logs, row.plan.log_entries()).await?;
        match &row.plan {
            RowPlan::Create => {
                let id = match id {
                    Some(id) => id,
                    // The lead that the row was to change has been deleted since.
                    None => self.table.next_lead_id(&self.actor.team).await?,
                };
                let mut lead = self.row(row.index).to_lead(team, id, self.actor.at)?;
                writes.create(self.actor, team, logs[0], &mut lead);
                Ok(RowResult::done(row.index, Some(id), RowOutcome::Created))
            }
            RowPlan::Update { before, after, .. } => {
                LeadEdit::new(self.actor, team, before, (**after).clone()).write(writes, &logs, None)?;
                Ok(RowResult::updated(row.index, before))
            }
        }
    }

    /// Stores the results of rows in the transaction that writes the rows.
    fn remember(&self, key: &IdempotencyKey, first: usize, rows: &[RowResult], writes: &mut CountedWrites<'_>) {
        let stored = StoredRows { request: key.request.clone(), rows: rows.to_vec(), ttl: key.expires(self.actor) };
        let to = Key::StoredRows(self.actor, &key.key, first).of(&self.actor.team);
        let writer_mark = writes.transaction.writer_mark();
        writes.transaction.put_if(to, &stored, writer_mark, free(self.actor), FailedCondition::Changed);
    }

    /// Stores the answer. If a concurrent copy of the request has stored one, that one is the answer.
    async fn store(
        &self,
        idempotency_key: &IdempotencyKey,
        results: &mut BTreeMap<usize, RowResult>,
        answer: impl Fn(Vec<RowResult>) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let mut tries = RetryState::default();
        loop {
            let (done, stored) = self.before().await?;
            if let Some(stored) = stored {
                return Ok(stored);
            }
            results.extend(done);
            let answer = answer(results.values().cloned().collect());
            let mut transaction = Transaction::new(self.table);
            transaction.store_response(self.actor, Some(idempotency_key), &answer);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(answer),
                lost => tries.after(&lost).await?,
            }
        }
    }
}

/// The rows that cannot be matched, with their duplicate address as a fault. For a caller who does not read leads,
/// every row with a bad field is one of them.
fn unmatched(batch: &LeadBatch, caller_may_read: bool) -> BTreeMap<usize, Vec<FieldError>> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut unmatched = BTreeMap::new();
    for (index, row) in batch.rows.iter().enumerate() {
        let before = row.email().map_or(index, |email| *first.entry(email.fingerprint()).or_insert(index));
        let duplicate = (before != index).then(|| {
            let fault = ErrorCode::Duplicate.fault(format!("is the address of row {before} too"));
            FieldError::new("email", fault)
        });
        if duplicate.is_some() || row.is_unreadable() || !caller_may_read && !row.faults().is_empty() {
            unmatched.insert(index, duplicate.into_iter().collect());
        }
    }
    unmatched
}

impl RowWrite {
    /// The row's result if it is written as decided.
    fn expected(&self) -> RowResult {
        match &self.plan {
            RowPlan::Create => RowResult::done(self.index, None, RowOutcome::Created),
            RowPlan::Update { before, .. } => RowResult::updated(self.index, before),
        }
    }

    /// The photo that the row replaces.
    fn replaced_photo(&self) -> Option<PhotoName> {
        match &self.plan {
            RowPlan::Update { before, after, .. } if before.photo != after.photo => before.photo.parse().ok(),
            RowPlan::Update { .. } | RowPlan::Create => None,
        }
    }
}

impl WorkerProgress {
    /// Marks rows as left because of an error. If the outcome of the last transaction is unknown, so are the first
    /// `under_way` rows.
    fn give_up(&mut self, rows: Vec<RowWrite>, under_way: usize, error: Error) {
        const UNKNOWN: &str = "Outcome unknown";
        for (n, row) in rows.into_iter().enumerate() {
            let unknown = error.is_outcome_unknown() && n < under_way;
            let (code, message) =
                if unknown { (ErrorCode::OutcomeUnknown, UNKNOWN) } else { (error.code(), error.message()) };
            self.results.push(RowResult::failed(row.index, code, message, Vec::new()));
        }
        self.failure = Some(error);
    }
}

fn no_photo(index: usize) -> RowResult {
    RowResult::invalid(index, NewLead::INVALID, vec![FieldError::new("photo", PhotoName::unavailable())])
}
