//! Batch import of leads. Each row is written whole or not at all. A transaction writes several rows, and several
//! transactions run concurrently.

mod plan;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use self::worker::WrittenRows;
use crate::domain::error::Error;
use crate::domain::{
    Actor, ErrorCode, ExternalIds, FieldError, IdempotencyKey, LeadBatch, LeadId, LeadRow, PhotoName, RowOutcome,
    RowResult, Team,
};
use crate::store::keys::{ItemKey, KeyRange, PrimaryKey};
use crate::store::leads::lead_key::{KeyOwners, LeadKey};
use crate::store::leads::writes::{Lock, decode_live_lead};
use crate::store::photos::{PhotoRecord, is_attachable};
use crate::store::store_types::LeadStore;
use crate::store::teams::take_team;
use crate::store::transaction::{RetryState, Transaction, TransactionOutcome};
use crate::store::{ReadConsistency, StoredResponse, Table, decode};

/// Item with the results of some rows of a batch. The transaction that writes the rows writes this item too.
#[derive(Serialize, Deserialize)]
struct StoredRowResults {
    request: String,
    rows: Vec<RowResult>,
    ttl: u64,
}

/// The stored state from which the rows of a batch are planned.
struct BatchSnapshot {
    team: Team,
    /// The existing leads that have the e-mail addresses and external ids of rows. The write of a row whose key moved to
    /// another lead meanwhile fails, and the row is planned again.
    owners: KeyOwners,
    /// Indexes of rows whose photo is not an unattached upload.
    unavailable_photos: BTreeSet<usize>,
    /// Row results that an earlier try of this request stored, by row index.
    done: BTreeMap<usize, RowResult>,
    /// The response that an earlier try of this request stored.
    answer: Option<StoredResponse>,
}

/// One batch request.
struct BatchImport<'a, K> {
    table: &'a Table,
    actor: &'a Actor,
    batch: &'a LeadBatch,
    idempotency_key: Option<&'a IdempotencyKey>,
    /// Whether the caller may read leads. To other callers, a row's result discloses that an e-mail address exists only
    /// if the rest of the row is valid.
    caller_may_read: bool,
    /// Makes an upload permanent before a lead refers to it: copies the S3 object to where photos stay.
    promote: &'a K,
    /// Rows for which no existing lead is looked up, by row index. The value has the errors for an address or external
    /// id that an earlier row has, and is empty for any other reason.
    unmatched: BTreeMap<usize, Vec<FieldError>>,
}

impl LeadStore {
    /// Writes the rows of a batch. A row that an earlier try with the same idempotency key wrote keeps its result.
    /// Returns the response, and the replaced photos, whose S3 objects the caller removes.
    ///
    /// # Errors
    /// 409 or 503 when nothing was written. Once a row is written, the results of the remaining rows hold the error
    /// instead.
    pub async fn write_leads<F: Future<Output = Result<(), Error>> + Send>(
        &self,
        actor: &Actor,
        batch: &LeadBatch,
        idempotency_key: Option<&IdempotencyKey>,
        caller_may_read: bool,
        promote: impl Fn(PhotoName) -> F + Sync,
        answer: impl Fn(Vec<RowResult>) -> StoredResponse,
    ) -> Result<(StoredResponse, Vec<PhotoName>), Error> {
        // A dry run writes nothing, so no response is stored for repeated requests.
        let idempotency_key = idempotency_key.filter(|_| !batch.dry_run);
        let unmatched = rows_not_looked_up(batch, caller_may_read);
        let import =
            BatchImport { table: self, actor, batch, idempotency_key, caller_may_read, promote: &promote, unmatched };
        let rows: BTreeSet<usize> = (0..batch.rows.len()).collect();
        let mut snapshot = import.read_snapshot(&rows).await?;
        if let Some(answer) = snapshot.answer {
            return Ok((answer, Vec::new()));
        }
        import.add_businesses(&rows, &mut snapshot).await?;
        let mut results = BTreeMap::new();
        let pending = import.plan_rows(&rows, &snapshot, &mut results);
        if batch.dry_run {
            results.extend(pending.iter().map(|row| (row.index, row.result_if_committed())));
            return Ok((answer(results.into_values().collect()), Vec::new()));
        }
        let WrittenRows { results: decided, replaced_photos, failure } =
            import.write_rows(pending, &snapshot.team).await?;
        results.extend(decided.into_iter().map(|result| (result.index, result)));
        let written = |result: &RowResult| matches!(result.result, RowOutcome::Created | RowOutcome::Updated);
        match (failure, idempotency_key) {
            (Some(error), _) if !results.values().any(written) => return Err(error),
            // If the caller repeats the request, the remaining rows are written.
            (Some(error), _) => tracing::warn!(%error, "rows are left"),
            (None, Some(idempotency_key)) => match import.store_answer(idempotency_key, &mut results, &answer).await {
                Ok(stored) => return Ok((stored, replaced_photos)),
                // If the caller repeats the request, the response is built from the stored results of the rows.
                Err(error) => tracing::warn!(%error, "an answer is not stored"),
            },
            (None, None) => {}
        }
        Ok((answer(results.into_values().collect()), replaced_photos))
    }
}

impl<K> BatchImport<'_, K> {
    fn row(&self, index: usize) -> &LeadRow {
        &self.batch.rows[index]
    }

    /// Reads the state from which rows are planned. One round trip, one more if existing leads have the addresses of
    /// rows.
    async fn read_snapshot(&self, rows: &BTreeSet<usize>) -> Result<BatchSnapshot, Error> {
        let team = &self.actor.team;
        let looked_up = rows.iter().copied().filter(|index| !self.unmatched.contains_key(index));
        let keys = looked_up.flat_map(|index| LeadKey::all_of_row(self.row(index)));
        let mut locks: HashMap<PrimaryKey, LeadKey> = keys.map(|key| (key.lock_key(team), key)).collect();
        let photo = |index: &usize| Some((*index, self.row(*index).photo_name()?.parse::<PhotoName>().ok()?));
        let photos: Vec<(usize, PrimaryKey)> =
            rows.iter().filter_map(photo).map(|(index, photo)| (index, ItemKey::Photo(&photo).of(team))).collect();
        let uploads: HashSet<&PrimaryKey> = photos.iter().map(|(_, key)| key).collect();
        let keys = locks.keys().chain(uploads).cloned().chain([ItemKey::Team.of(team)]).collect();
        let (mut items, (done, answer)) =
            tokio::try_join!(self.table.get_items(keys, ReadConsistency::Strong), self.read_stored_results())?;
        let names = take_team(&mut items, team)?;
        let mut unavailable_photos = BTreeSet::new();
        for (index, key) in &photos {
            let upload: Option<PhotoRecord> = items.get(key).cloned().map(decode).transpose()?;
            if !is_attachable(upload.as_ref(), self.actor.at) {
                unavailable_photos.insert(*index);
            }
        }
        let mut held = HashMap::new();
        for (key, item) in items {
            if let Some(key) = locks.remove(&key) {
                held.insert(key, decode::<Lock>(item)?.lead);
            }
        }
        let ids: BTreeSet<LeadId> = held.values().copied().collect();
        let keys = ids.into_iter().map(|id| ItemKey::Lead(id).of(team)).collect();
        let items = self.table.get_items(keys, ReadConsistency::Strong).await?;
        let live = items.into_values().map(decode_live_lead).collect::<Result<Vec<_>, _>>()?;
        let owners = KeyOwners::new(held, live.into_iter().flatten());
        Ok(BatchSnapshot { team: names, owners, unavailable_photos, done, answer })
    }

    /// Reads the row results and the response that earlier tries of this request stored.
    async fn read_stored_results(&self) -> Result<(BTreeMap<usize, RowResult>, Option<StoredResponse>), Error> {
        let Some(idempotency_key) = self.idempotency_key else { return Ok((BTreeMap::new(), None)) };
        let range = KeyRange::stored_response(self.actor, &idempotency_key.key);
        let mut done = BTreeMap::new();
        for item in self.table.query_all(&range, ReadConsistency::Strong).await? {
            if !item.contains_key("rows") {
                match idempotency_key.decode_stored_response(self.actor, Some(item))? {
                    Some(answer) => return Ok((done, Some(answer))),
                    None => continue,
                }
            }
            let stored: StoredRowResults = decode(item)?;
            if stored.ttl > self.actor.at.as_second() {
                idempotency_key.check_same_request(&stored.request)?;
                done.extend(stored.rows.into_iter().map(|row| (row.index, row)));
            }
        }
        Ok((done, None))
    }

    /// Creates the businesses that rows name and the team lacks, if the request asks for this. A dry run adds the
    /// businesses only to `snapshot`.
    async fn add_businesses(&self, rows: &BTreeSet<usize>, snapshot: &mut BatchSnapshot) -> Result<(), Error> {
        if !self.batch.create_businesses {
            return Ok(());
        }
        let unknown_in = |index: &usize, team| {
            let names: Vec<String> = self.row(*index).unknown_business_names(team).map(str::to_owned).collect();
            names
        };
        // A row that will be rejected creates no businesses.
        let known = snapshot.team.clone();
        snapshot.team.add_businesses(&rows.iter().flat_map(|index| unknown_in(index, &known)).collect::<Vec<_>>());
        let written = rows.iter().filter(|index| self.plan_row(**index, snapshot).is_ok());
        let names: Vec<String> = written.flat_map(|index| unknown_in(index, &known)).collect();
        snapshot.team = known;
        if names.is_empty() {
            return Ok(());
        }
        if self.batch.dry_run {
            snapshot.team.add_businesses(&names);
            return Ok(());
        }
        snapshot.team = self.table.add_businesses(self.actor, &names).await?;
        Ok(())
    }

    /// Stores the response. If a concurrent try of the request has stored a response first, returns that one.
    async fn store_answer(
        &self,
        idempotency_key: &IdempotencyKey,
        results: &mut BTreeMap<usize, RowResult>,
        answer: impl Fn(Vec<RowResult>) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let mut tries = RetryState::default();
        loop {
            let (done, stored) = self.read_stored_results().await?;
            if let Some(stored) = stored {
                return Ok(stored);
            }
            results.extend(done);
            let answer = answer(results.values().cloned().collect());
            let mut transaction = Transaction::new(self.table);
            transaction.add_stored_response(self.actor, Some(idempotency_key), &answer);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(answer),
                lost => tries.prepare_next_attempt(&lost).await?,
            }
        }
    }
}

/// The rows for which no existing lead is looked up, with the errors for a duplicate address or external id if that is
/// the reason. If the caller may not read leads, these include every row with an invalid field.
fn rows_not_looked_up(batch: &LeadBatch, caller_may_read: bool) -> BTreeMap<usize, Vec<FieldError>> {
    let mut first: HashMap<(String, String), usize> = HashMap::new();
    let mut unmatched = BTreeMap::new();
    for (index, row) in batch.rows.iter().enumerate() {
        let email = row.email_of_row().map(|email| ("email".to_owned(), email.caseless_hash()));
        let external_ids =
            row.new_external_ids().map(|(system, id)| (ExternalIds::dotted_name(system), id.to_string()));
        let mut duplicates = Vec::new();
        for key in email.into_iter().chain(external_ids) {
            let field = key.0.clone();
            let before = *first.entry(key).or_insert(index);
            if before != index {
                let fault = ErrorCode::Duplicate.with_message(format!("is in row {before} too"));
                duplicates.push(FieldError::new(field, fault));
            }
        }
        let is_unmatchable = row.is_unmatchable() || !caller_may_read && !row.faults_without_team().is_empty();
        if !duplicates.is_empty() || is_unmatchable {
            unmatched.insert(index, duplicates);
        }
    }
    unmatched
}
