//! Writes that depend on items that were read: optimistic concurrency, with one sequence of steps for every write.
//!
//! 1. An attempt reads the items that the decision needs, and for a request with an idempotency key the stored response.
//! 2. `decide` adds writes to the attempt, or writes nothing. `decide` may run several times.
//! 3. The writes commit in one transaction, on condition that the items are unchanged.
//! 4. If a concurrent write was faster, the next attempt starts at step 1.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::condition::WriteCondition;
use super::ids::{AllocatedIds, IdOrPair, IdSequence, SequenceId as _};
use super::keys::{ItemKey, PrimaryKey};
use super::leads::lead_key::LeadKey;
use super::leads::writes::{CountedWrites, Lock, decode_live_lead};
use super::references::ReferenceUsage;
use super::teams::take_team;
use super::transaction::{FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{Actor, IdempotencyKey, Lead, LeadChange, LeadId, LogId, PhotoName, StatusOrBusiness, Team};
use crate::store::StoredResponse;

/// A write that is being set up: the keys of the items to read, and options for retries and the response.
pub(super) struct Transact<'a> {
    table: &'a Table,
    actor: &'a Actor,
    idempotency_key: Option<&'a IdempotencyKey>,
    reads: Vec<PrimaryKey>,
    retiring: Option<StatusOrBusiness>,
    /// Kinds of ids that are allocated concurrently with the first read.
    prefetched: &'static [IdSequence],
    /// Whether the caller has already looked for a stored response.
    replay_checked: bool,
    /// Photo whose error takes precedence: if the e-mail address or an external id is taken and this photo is not an
    /// unattached upload, the photo is reported.
    photo_before_lock: Option<PhotoName>,
    /// Message of the error for a photo that is not an unattached upload.
    photo_message: &'static str,
    /// Whether another attempt follows if the commit finds that another lead has the e-mail address or an external id.
    rereads_taken_keys: bool,
}

/// One attempt of a write: the items that were read, and the writes that are decided from them.
pub(super) struct WriteAttempt<'a> {
    pub actor: &'a Actor,
    pub writes: CountedWrites<'a>,
    /// Usage of the status or business that is to be retired.
    pub usage: Option<ReferenceUsage>,
    items: HashMap<PrimaryKey, TableItem>,
    ids: AllocatedIds,
}

/// The result of one attempt's decision.
pub(super) enum Decision<'a, T> {
    /// Commit the writes of the attempt.
    Commit(WriteAttempt<'a>, T),
    /// Write nothing.
    Unchanged(T),
    /// Read again, because items that were read one after another are not from one consistent state.
    Reread(WriteAttempt<'a>),
}

pub(super) type DecisionResult<'a, T> = Result<Decision<'a, T>, Error>;

/// The result of a request: decided now, or replayed.
pub(super) enum FreshOrReplayed<T> {
    /// The value that this request decided.
    Fresh(T),
    /// The response that an earlier try of this request stored.
    Replayed(StoredResponse),
}

impl<T> FreshOrReplayed<T> {
    /// Returns the stored response, or the response that `answer` builds from the decided value.
    pub(super) fn response_or_else(self, answer: impl FnOnce(T) -> StoredResponse) -> StoredResponse {
        match self {
            Self::Fresh(value) => answer(value),
            Self::Replayed(stored) => stored,
        }
    }
}

impl Table {
    /// Starts a write that depends on the items with these keys.
    pub(super) fn transact<'a>(&'a self, actor: &'a Actor, reads: &[ItemKey<'_>]) -> Transact<'a> {
        Transact {
            table: self,
            actor,
            idempotency_key: None,
            reads: reads.iter().map(|key| key.of(&actor.team)).collect(),
            retiring: None,
            prefetched: &[],
            replay_checked: false,
            photo_before_lock: None,
            photo_message: LeadChange::INVALID_LEAD_MESSAGE,
            rereads_taken_keys: false,
        }
    }

    /// Reads the items with these keys, a single key by GetItem and several by BatchGetItem. Keys without an item are
    /// left out.
    async fn read_items(&self, mut keys: Vec<PrimaryKey>) -> Result<HashMap<PrimaryKey, TableItem>, Error> {
        match (keys.pop(), keys.is_empty()) {
            (None, _) => Ok(HashMap::new()),
            (Some(key), true) => {
                let item = self.read_item(key.clone(), ReadConsistency::Strong).await?;
                Ok(item.into_iter().map(|item| (key.clone(), item)).collect())
            }
            (Some(key), false) => {
                keys.push(key);
                self.get_items(keys, ReadConsistency::Strong).await
            }
        }
    }
}

impl<'a> Transact<'a> {
    /// Makes the request idempotent if it has a key: its response is stored, and replayed to repeated requests.
    pub(super) fn idempotent(self, key: Option<&'a IdempotencyKey>) -> Self {
        Self { idempotency_key: key, ..self }
    }

    /// Leaves the stored response out of the first read, because the caller has already looked for it.
    pub(super) fn skip_replay_check(self) -> Self {
        Self { replay_checked: true, ..self }
    }

    /// Allocates ids concurrently with the first read if `valid`. Otherwise, and for a request with an idempotency key,
    /// ids are allocated when they are needed, so that invalid and repeated requests use no ids.
    pub(super) fn prefetch_ids<I: IdOrPair>(self, valid: bool) -> Self {
        Self { prefetched: if valid { I::SEQUENCES } else { &[] }, ..self }
    }

    /// Also reads whether any lead has the status or business `reference`, which the write retires.
    pub(super) fn retiring(self, reference: Option<StatusOrBusiness>) -> Self {
        Self { retiring: reference, ..self }
    }

    /// If the e-mail address or an external id is taken and `photo` is not an unattached upload, reports the photo rather
    /// than what is taken.
    pub(super) fn photo_before_lock(self, photo: Option<PhotoName>) -> Self {
        Self { photo_before_lock: photo, ..self }
    }

    /// Sets the message of the error for a photo that is not an unattached upload.
    pub(super) fn photo_message(self, message: &'static str) -> Self {
        Self { photo_message: message, ..self }
    }

    /// Also reads the items with these keys.
    pub(super) fn also_read(mut self, keys: impl IntoIterator<Item = PrimaryKey>) -> Self {
        self.reads.extend(keys);
        self
    }

    /// Makes another attempt if the commit finds that another lead has the e-mail address or an external id, because
    /// `decide` finds that lead then.
    pub(super) fn reread_taken_keys(self) -> Self {
        Self { rereads_taken_keys: true, ..self }
    }

    /// Runs attempts until the writes that `decide` adds are committed, or `decide` writes nothing. Returns the decided
    /// value.
    ///
    /// # Errors
    /// The errors of `decide` and of [`Transaction::commit`], and 400 for an e-mail address that is taken or a photo
    /// that cannot be attached.
    pub(super) async fn run<T, F: Future<Output = DecisionResult<'a, T>>>(
        self,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<T, Error> {
        match self.attempt(|_| None, decide).await? {
            FreshOrReplayed::Fresh(value) => Ok(value),
            FreshOrReplayed::Replayed(_) => Err(Error::internal("a write without an answer was answered before")),
        }
    }

    /// As [`Transact::run`], and stores the response in the same transaction.
    pub(super) async fn respond<F: Future<Output = DecisionResult<'a, StoredResponse>>>(
        self,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<StoredResponse, Error> {
        Ok(self.respond_as(StoredResponse::clone, decide).await?.response_or_else(|answer| answer))
    }

    /// As [`Transact::respond`], for a response that differs from the stored one, for example by a secret.
    pub(super) async fn respond_as<T, F: Future<Output = DecisionResult<'a, T>>>(
        self,
        stored: impl Fn(&T) -> StoredResponse,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<FreshOrReplayed<T>, Error> {
        self.attempt(|value| Some(stored(value)), decide).await
    }

    async fn attempt<T, F: Future<Output = DecisionResult<'a, T>>>(
        self,
        stored: impl Fn(&T) -> Option<StoredResponse>,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<FreshOrReplayed<T>, Error> {
        let mut tries = RetryState::default();
        let mut ids = AllocatedIds::default();
        let mut key = self.idempotency_key.filter(|_| !self.replay_checked);
        loop {
            let mut attempt = self.start_attempt(key, ids).await?;
            if let Some(key) = std::mem::replace(&mut key, self.idempotency_key)
                && let Some(answer) =
                    key.decode_stored_response(self.actor, attempt.items.remove(&key.response_key(self.actor)))?
            {
                return Ok(FreshOrReplayed::Replayed(answer));
            }
            let (attempt, value) = match decide(attempt).await? {
                Decision::Commit(attempt, value) => (attempt, value),
                Decision::Unchanged(value) => return Ok(FreshOrReplayed::Fresh(value)),
                Decision::Reread(attempt) => {
                    ids = attempt.ids;
                    tries.pause_before_retry().await?;
                    continue;
                }
            };
            ids = attempt.ids;
            let mut writes = attempt.writes;
            if let Some((key, answer)) = self.idempotency_key.zip(stored(&value)) {
                let mut first = writes.transaction.empty_part();
                first.add_stored_response(self.actor, Some(key), &answer);
                writes.transaction.prepend(first);
            }
            let outcome = writes.commit(self.actor, &mut tries).await?;
            match &outcome {
                TransactionOutcome::Committed => return Ok(FreshOrReplayed::Fresh(value)),
                TransactionOutcome::Refused(failure, item) => self.check_refusal(*failure, item.as_ref()).await?,
                TransactionOutcome::Contended => {}
            }
            tries.prepare_next_attempt(&outcome).await?;
        }
    }

    /// Starts an attempt: reads the items that the decision needs, and allocates the prefetched ids.
    async fn start_attempt(
        &self,
        key: Option<&IdempotencyKey>,
        mut ids: AllocatedIds,
    ) -> Result<WriteAttempt<'a>, Error> {
        let team = &self.actor.team;
        let usage = async {
            match self.retiring {
                Some(reference) => self.table.read_reference_usage(team, reference).await.map(Some),
                None => Ok(None),
            }
        };
        let prefetched = if self.idempotency_key.is_none() { self.prefetched } else { &[] };
        let allocating = ids.allocate_missing(self.table, team, prefetched, 1);
        let reads = self.reads.iter().cloned().chain(key.map(|key| key.response_key(self.actor))).collect();
        let (items, usage, ()) = tokio::try_join!(self.table.read_items(reads), usage, allocating)?;
        Ok(WriteAttempt { actor: self.actor, writes: CountedWrites::new(self.table), usage, items, ids })
    }

    /// Returns the error with which a refused transaction ends the request, or `Ok` if another attempt is to follow.
    async fn check_refusal(&self, failure: FailedCondition, item: Option<&TableItem>) -> Result<(), Error> {
        match failure {
            FailedCondition::Changed => Ok(()),
            FailedCondition::EmailTaken | FailedCondition::ExternalIdTaken if self.rereads_taken_keys => Ok(()),
            FailedCondition::Reject(error) => Err(error()),
            FailedCondition::PhotoUnavailable => Err(Error::photo_unavailable(self.photo_message)),
            FailedCondition::EmailTaken | FailedCondition::ExternalIdTaken => {
                if let Some(photo) = &self.photo_before_lock
                    && !self.table.is_attachable_upload(self.actor, photo).await?
                {
                    return Err(Error::photo_unavailable(self.photo_message));
                }
                let is_email = matches!(failure, FailedCondition::EmailTaken);
                let taken = if is_email { Error::email_exists } else { Error::external_id_exists };
                self.table.check_lock_is_free(self.actor, item, taken).await
            }
        }
    }
}

impl<'a> WriteAttempt<'a> {
    /// Who writes.
    pub(super) fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The transaction that collects the writes.
    pub(super) fn transaction(&mut self) -> &mut Transaction<'a> {
        &mut self.writes.transaction
    }

    /// Decides to commit the writes.
    pub(super) fn commit<T>(self, value: T) -> DecisionResult<'a, T> {
        Ok(Decision::Commit(self, value))
    }

    /// Decides to write nothing.
    pub(super) fn write_nothing<T>(self, value: T) -> DecisionResult<'a, T> {
        Ok(Decision::Unchanged(value))
    }

    /// Decides to start another attempt with a new read.
    pub(super) fn read_again<T>(self) -> DecisionResult<'a, T> {
        Ok(Decision::Reread(self))
    }

    /// Reads more items, whose keys depend on items that were read before. One round trip.
    pub(super) async fn read_more(&mut self, keys: &[ItemKey<'_>]) -> Result<(), Error> {
        let keys = keys.iter().map(|key| key.of(&self.actor.team)).collect();
        self.items.extend(self.writes.transaction.table.read_items(keys).await?);
        Ok(())
    }

    /// Allocates an id, or a pair of ids. One round trip, unless the ids are already allocated.
    pub(super) async fn allocated_ids<I: IdOrPair>(&mut self) -> Result<I, Error> {
        self.ids.allocate_missing(self.writes.transaction.table, &self.actor.team, I::SEQUENCES, 1).await?;
        I::from_allocated(&self.ids)
    }

    /// Allocates `n` log ids. One round trip, unless the ids are already allocated.
    pub(super) async fn allocated_log_ids(&mut self, n: usize) -> Result<Vec<LogId>, Error> {
        self.ids.allocate_missing(self.writes.transaction.table, &self.actor.team, &[LogId::SEQUENCE], n).await?;
        self.ids.first_ids(n)
    }

    /// Takes an item out of the items that this attempt has read, and decodes it; the table is not changed. `None` if
    /// there is no such item.
    pub(super) fn take_item<T: DeserializeOwned>(&mut self, key: &ItemKey<'_>) -> Result<Option<T>, Error> {
        self.items.remove(&key.of(&self.actor.team)).map(decode).transpose()
    }

    /// Takes the lock of a key out of the items that this attempt has read, and returns the lead that holds it; the table
    /// is not changed. `None` if no lead does.
    pub(super) fn take_lock(&mut self, key: &LeadKey) -> Result<Option<LeadId>, Error> {
        let lock: Option<Lock> = self.items.remove(&key.lock_key(&self.actor.team)).map(decode).transpose()?;
        Ok(lock.map(|lock| lock.lead))
    }

    /// Takes the team out of the items that this attempt has read. Returns the default team if the team has no item
    /// yet.
    pub(super) fn take_team(&mut self) -> Result<Team, Error> {
        take_team(&mut self.items, &self.actor.team)
    }

    /// Takes a lead out of the items that this attempt has read. `None` if there is no such lead, or if the lead was
    /// deleted.
    pub(super) fn take_live_lead(&mut self, id: LeadId) -> Result<Option<Lead>, Error> {
        Ok(self.items.remove(&ItemKey::Lead(id).of(&self.actor.team)).map(decode_live_lead).transpose()?.flatten())
    }

    /// Takes a lead out of the items that this attempt has read; the table is not changed.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub(super) fn take_lead(&mut self, id: LeadId) -> Result<Lead, Error> {
        self.take_live_lead(id)?.ok_or_else(Error::lead_not_found)
    }

    /// Adds a put of the item `key`, on condition that the stored item still has `version`. Version 0 means that there
    /// must be no stored item.
    pub(super) fn put_if_version(&mut self, key: &ItemKey<'_>, version: u64, after: &impl Serialize) {
        let unchanged = match version {
            0 => WriteCondition::item_absent(),
            _ => WriteCondition::version_is(version),
        };
        let (key, mark) = (key.of(&self.actor.team), self.writes.transaction.writer_mark());
        self.writes.transaction.put_if(key, after, mark, unchanged, FailedCondition::Changed);
    }
}
