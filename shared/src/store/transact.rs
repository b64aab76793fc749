//! Writes that are decided from what was read: optimistic concurrency, with one order of steps for every write.
//!
//! 1. An attempt reads the items that the decision needs, and beside them the stored answer of a request with an
//!    idempotency key. A stored answer ends the request.
//! 2. `decide` adds writes to the attempt, or decides that nothing is to be written. It may run several times, so that
//!    whatever else it does must be harmless to repeat.
//! 3. The writes commit in one transaction. The answer is its first item: of two concurrent equal requests, the second
//!    one fails on the answer, and not on its own e-mail address or on the last free place.
//! 4. If another write was faster, the next attempt starts at 1. Only allocated ids outlive an attempt: a transaction's
//!    id and token must be new, because another attempt writes something else.
//!
//! An unknown outcome is an error and never leads to another attempt, see [`Transaction::commit`].
//!
//! Five writes have a loop of their own. The workers of a batch and of a bulk change decide in each attempt how much of
//! their list one transaction writes. The results of a batch are read by a Query. A submission turns into a change of
//! the lead that has its address. A webhook's state after a delivery is written without an actor, and is first decided
//! from what its caller has read.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::condition::Condition;
use super::ids::{AllocatedIds, IdOrPair, Sequence, SequenceId as _};
use super::keys::{Key, PrimaryKey};
use super::leads::writes::{CountedWrites, decode_live_lead};
use super::references::ReferenceUsage;
use super::teams::take_team;
use super::transaction::{FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{Consistency, Item, Table, decode};
use crate::domain::error::Error;
use crate::domain::{Actor, IdempotencyKey, Lead, LeadChange, LeadId, LogId, PhotoName, Reference, Team};
use crate::store::StoredResponse;

/// A write in preparation: the items that it is decided from, and how it is retried and answered.
pub(super) struct Transact<'a> {
    table: &'a Table,
    actor: &'a Actor,
    idempotency_key: Option<&'a IdempotencyKey>,
    reads: Vec<PrimaryKey>,
    retiring: Option<Reference>,
    /// Sequences of the ids that are allocated beside the first read.
    prefetched: &'static [Sequence],
    /// Whether the caller has looked for a stored answer.
    replay_checked: bool,
    /// A photo that must be an unattached upload before a taken e-mail address is reported.
    photo_before_email: Option<PhotoName>,
    /// Message of the error for a photo that is not an unattached upload.
    photo_message: &'static str,
}

/// One attempt: the items that were read, and the writes that are decided from them.
pub(super) struct WriteAttempt<'a> {
    pub actor: &'a Actor,
    pub writes: CountedWrites<'a>,
    /// Usage of the reference that is to be retired.
    pub usage: Option<ReferenceUsage>,
    items: HashMap<PrimaryKey, Item>,
    ids: AllocatedIds,
}

/// The result of one attempt's decision.
pub(super) enum Decision<'a, T> {
    /// Commit the writes of the attempt.
    Commit(WriteAttempt<'a>, T),
    /// Write nothing.
    Unchanged(T),
    /// Read again: items that were read one after another do not fit together.
    Reread(WriteAttempt<'a>),
}

type Decided<'a, T> = Result<Decision<'a, T>, Error>;

/// The answer to a request.
pub(super) enum Reply<T> {
    /// The value that was decided.
    Fresh(T),
    /// The stored answer of an earlier try of the request.
    Replayed(StoredResponse),
}

impl<T> Reply<T> {
    /// The stored answer, or that of the decided value.
    pub(super) fn or_answer(self, answer: impl FnOnce(T) -> StoredResponse) -> StoredResponse {
        match self {
            Self::Fresh(value) => answer(value),
            Self::Replayed(stored) => stored,
        }
    }
}

impl Table {
    /// A write that is decided from the items with these keys.
    pub(super) fn transact<'a>(&'a self, actor: &'a Actor, reads: &[Key<'_>]) -> Transact<'a> {
        Transact {
            table: self,
            actor,
            idempotency_key: None,
            reads: reads.iter().map(|key| key.of(&actor.team)).collect(),
            retiring: None,
            prefetched: &[],
            replay_checked: false,
            photo_before_email: None,
            photo_message: LeadChange::INVALID_DATA,
        }
    }

    /// The existing items with these keys. A single key takes a GetItem, several take a BatchGetItem.
    async fn read_items(&self, mut keys: Vec<PrimaryKey>) -> Result<HashMap<PrimaryKey, Item>, Error> {
        match (keys.pop(), keys.is_empty()) {
            (None, _) => Ok(HashMap::new()),
            (Some(key), true) => {
                let item = self.get(key.clone(), Consistency::Strong).await?;
                Ok(item.into_iter().map(|item| (key.clone(), item)).collect())
            }
            (Some(key), false) => {
                keys.push(key);
                self.get_all(keys, Consistency::Strong).await
            }
        }
    }
}

impl<'a> Transact<'a> {
    /// Makes the request repeatable: its answer is stored, and given again.
    pub(super) fn idempotent(self, key: Option<&'a IdempotencyKey>) -> Self {
        Self { idempotency_key: key, ..self }
    }

    /// Leaves the stored answer out of the first read, because the caller has looked for it.
    pub(super) fn replay_checked(self) -> Self {
        Self { replay_checked: true, ..self }
    }

    /// Allocates ids beside the first read if `valid`. An invalid request takes no id, nor does one that may be
    /// repeated: its ids are allocated when they are needed.
    pub(super) fn prefetch_ids<I: IdOrPair>(self, valid: bool) -> Self {
        Self { prefetched: if valid { I::SEQUENCES } else { &[] }, ..self }
    }

    /// Reads, beside the items, whether any lead has a reference.
    pub(super) fn retiring(self, reference: Option<Reference>) -> Self {
        Self { retiring: reference, ..self }
    }

    /// Reports that a photo is not an unattached upload rather than that an e-mail address is taken.
    pub(super) fn photo_before_email(self, photo: Option<PhotoName>) -> Self {
        Self { photo_before_email: photo, ..self }
    }

    /// Sets the message of the error for a photo that is not an unattached upload.
    pub(super) fn photo_message(self, message: &'static str) -> Self {
        Self { photo_message: message, ..self }
    }

    /// Writes what `decide` decides.
    ///
    /// # Errors
    /// Those of `decide` and of [`Transaction::commit`], and 400 for an e-mail address or a photo that is not free.
    pub(super) async fn run<T, F: Future<Output = Decided<'a, T>>>(
        self,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<T, Error> {
        match self.attempt(|_| None, decide).await? {
            Reply::Fresh(value) => Ok(value),
            Reply::Replayed(_) => Err(Error::internal("a write without an answer was answered before")),
        }
    }

    /// As [`Transact::run`], and stores the answer with the writes.
    pub(super) async fn respond<F: Future<Output = Decided<'a, StoredResponse>>>(
        self,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<StoredResponse, Error> {
        Ok(self.respond_as(StoredResponse::clone, decide).await?.or_answer(|answer| answer))
    }

    /// As [`Transact::respond`], for an answer that differs from the stored one, for example by a secret.
    pub(super) async fn respond_as<T, F: Future<Output = Decided<'a, T>>>(
        self,
        stored: impl Fn(&T) -> StoredResponse,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<Reply<T>, Error> {
        self.attempt(|value| Some(stored(value)), decide).await
    }

    async fn attempt<T, F: Future<Output = Decided<'a, T>>>(
        self,
        stored: impl Fn(&T) -> Option<StoredResponse>,
        decide: impl Fn(WriteAttempt<'a>) -> F,
    ) -> Result<Reply<T>, Error> {
        let mut tries = RetryState::default();
        let mut ids = AllocatedIds::default();
        let mut key = self.idempotency_key.filter(|_| !self.replay_checked);
        loop {
            let mut attempt = self.begin(key, ids).await?;
            if let Some(key) = std::mem::replace(&mut key, self.idempotency_key)
                && let Some(answer) = key.earlier(self.actor, attempt.items.remove(&key.key_of(self.actor)))?
            {
                return Ok(Reply::Replayed(answer));
            }
            let (attempt, value) = match decide(attempt).await? {
                Decision::Commit(attempt, value) => (attempt, value),
                Decision::Unchanged(value) => return Ok(Reply::Fresh(value)),
                Decision::Reread(attempt) => {
                    ids = attempt.ids;
                    tries.again().await?;
                    continue;
                }
            };
            ids = attempt.ids;
            let mut writes = attempt.writes;
            if let Some((key, answer)) = self.idempotency_key.zip(stored(&value)) {
                let mut first = writes.transaction.part();
                first.store_response(self.actor, Some(key), &answer);
                writes.transaction.prepend(first);
            }
            let outcome = writes.commit(self.actor, &mut tries).await?;
            match &outcome {
                TransactionOutcome::Committed => return Ok(Reply::Fresh(value)),
                TransactionOutcome::Refused(failure, item) => self.check_refusal(*failure, item.as_ref()).await?,
                TransactionOutcome::Contended => {}
            }
            tries.after(&outcome).await?;
        }
    }

    /// Reads the premises of an attempt.
    async fn begin(&self, key: Option<&IdempotencyKey>, mut ids: AllocatedIds) -> Result<WriteAttempt<'a>, Error> {
        let team = &self.actor.team;
        let usage = async {
            match self.retiring {
                Some(reference) => self.table.usage(team, reference).await.map(Some),
                None => Ok(None),
            }
        };
        let prefetched = if self.idempotency_key.is_none() { self.prefetched } else { &[] };
        let allocating = ids.allocate(self.table, team, prefetched, 1);
        let reads = self.reads.iter().cloned().chain(key.map(|key| key.key_of(self.actor))).collect();
        let (items, usage, ()) = tokio::try_join!(self.table.read_items(reads), usage, allocating)?;
        Ok(WriteAttempt { actor: self.actor, writes: CountedWrites::new(self.table), usage, items, ids })
    }

    /// Decides whether a refused transaction ends the request.
    async fn check_refusal(&self, failure: FailedCondition, item: Option<&Item>) -> Result<(), Error> {
        match failure {
            FailedCondition::Changed => Ok(()),
            FailedCondition::Reject(error) => Err(error()),
            FailedCondition::PhotoUnavailable => Err(Error::photo_unavailable(self.photo_message)),
            FailedCondition::EmailTaken => {
                if let Some(photo) = &self.photo_before_email
                    && !self.table.is_free_upload(self.actor, photo).await?
                {
                    return Err(Error::photo_unavailable(self.photo_message));
                }
                self.table.check_email_is_free(self.actor, item).await
            }
        }
    }
}

impl<'a> WriteAttempt<'a> {
    /// The transaction that collects the writes.
    pub(super) fn transaction(&mut self) -> &mut Transaction<'a> {
        &mut self.writes.transaction
    }

    /// Decides to commit the writes.
    pub(super) fn commit<T>(self, value: T) -> Decided<'a, T> {
        Ok(Decision::Commit(self, value))
    }

    /// Decides to write nothing.
    pub(super) fn unchanged<T>(self, value: T) -> Decided<'a, T> {
        Ok(Decision::Unchanged(value))
    }

    /// Decides to read again.
    pub(super) fn reread<T>(self) -> Decided<'a, T> {
        Ok(Decision::Reread(self))
    }

    /// Reads further items, whose keys depend on what was read. One trip.
    pub(super) async fn read(&mut self, keys: &[Key<'_>]) -> Result<(), Error> {
        let keys = keys.iter().map(|key| key.of(&self.actor.team)).collect();
        self.items.extend(self.writes.transaction.table.read_items(keys).await?);
        Ok(())
    }

    /// Allocates ids. One trip, unless they are allocated already.
    pub(super) async fn ids<I: IdOrPair>(&mut self) -> Result<I, Error> {
        self.ids.allocate(self.writes.transaction.table, &self.actor.team, I::SEQUENCES, 1).await?;
        I::first_of(&self.ids)
    }

    /// Allocates `n` log ids. One trip, unless they are allocated already.
    pub(super) async fn log_ids(&mut self, n: usize) -> Result<Vec<LogId>, Error> {
        self.ids.allocate(self.writes.transaction.table, &self.actor.team, &[LogId::SEQUENCE], n).await?;
        self.ids.first(n)
    }

    /// Takes an item out of those that were read.
    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &Key<'_>) -> Result<Option<T>, Error> {
        self.items.remove(&key.of(&self.actor.team)).map(decode).transpose()
    }

    /// Takes the team. A team that was never written has the default.
    pub(super) fn take_team(&mut self) -> Result<Team, Error> {
        take_team(&mut self.items, &self.actor.team)
    }

    /// Takes a lead. `None` if there is no such lead, or if it was deleted.
    pub(super) fn take_live_lead(&mut self, id: LeadId) -> Result<Option<Lead>, Error> {
        Ok(self.items.remove(&Key::Lead(id).of(&self.actor.team)).map(decode_live_lead).transpose()?.flatten())
    }

    /// Takes a lead.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub(super) fn take_lead(&mut self, id: LeadId) -> Result<Lead, Error> {
        self.take_live_lead(id)?.ok_or_else(Error::lead_not_found)
    }

    /// Puts an item on condition that it still has this version. Version 0 is an item that does not exist.
    pub(super) fn overwrite(&mut self, key: &Key<'_>, version: u64, after: &impl Serialize) {
        let unchanged = match version {
            0 => Condition::absent(),
            _ => Condition::unchanged(version),
        };
        let (key, mark) = (key.of(&self.actor.team), self.writes.transaction.writer_mark());
        self.writes.transaction.put_if(key, after, mark, unchanged, FailedCondition::Changed);
    }
}
