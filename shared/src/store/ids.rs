//! Ids, each kind from a sequence of its own. Ids that are allocated and then not used leave gaps.

use std::collections::HashMap;

use super::Table;
use crate::domain::error::Error;
use crate::domain::{ApiKeyId, CommentId, FormId, LeadId, LogId, TeamId, WebhookId};

/// A sequence of ids, one for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sequence {
    Lead,
    Log,
    Comment,
    ApiKey,
    Form,
    Webhook,
}

impl Sequence {
    /// The attribute of the last allocated id, in the team's item of sequences.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Log => "log",
            Self::Comment => "comment",
            Self::ApiKey => "apiKey",
            Self::Form => "form",
            Self::Webhook => "webhook",
        }
    }
}

/// An id that a sequence allocates.
pub(super) trait SequenceId: TryFrom<u64> {
    const SEQUENCE: Sequence;
}

macro_rules! sequence_ids {
    ($($id:ty: $sequence:ident),*) => { $(impl SequenceId for $id {
        const SEQUENCE: Sequence = Sequence::$sequence;
    })* };
}

sequence_ids!(LeadId: Lead, LogId: Log, CommentId: Comment, ApiKeyId: ApiKey, FormId: Form, WebhookId: Webhook);

/// An id, or two ids that are allocated together.
pub(super) trait IdOrPair: Sized {
    const SEQUENCES: &'static [Sequence];

    /// # Errors
    /// 500 when they are not allocated, or when no ids are left.
    fn first_of(allocated: &AllocatedIds) -> Result<Self, Error>;
}

impl<A: SequenceId> IdOrPair for A {
    const SEQUENCES: &'static [Sequence] = &[A::SEQUENCE];

    fn first_of(allocated: &AllocatedIds) -> Result<Self, Error> {
        to_id(allocated.of(A::SEQUENCE).first().copied().unwrap_or_default())
    }
}

impl<A: SequenceId, B: SequenceId> IdOrPair for (A, B) {
    const SEQUENCES: &'static [Sequence] = &[A::SEQUENCE, B::SEQUENCE];

    fn first_of(allocated: &AllocatedIds) -> Result<Self, Error> {
        Ok((A::first_of(allocated)?, B::first_of(allocated)?))
    }
}

/// The id of this number.
///
/// # Errors
/// 500 for a number that is no id.
pub(super) fn to_id<I: SequenceId>(value: u64) -> Result<I, Error> {
    value.try_into().map_err(|_| Error::internal(format!("{:?} ids are used up", I::SEQUENCE)))
}

/// Ids that a request has allocated. Each of its attempts uses the same ones.
#[derive(Debug, Default)]
pub(super) struct AllocatedIds(HashMap<Sequence, Vec<u64>>);

impl AllocatedIds {
    fn of(&self, sequence: Sequence) -> &[u64] {
        self.0.get(&sequence).map_or(&[], Vec::as_slice)
    }

    /// The first `n` ids of a kind.
    ///
    /// # Errors
    /// 500 when no ids are left.
    pub(super) fn first<I: SequenceId>(&self, n: usize) -> Result<Vec<I>, Error> {
        self.of(I::SEQUENCE).iter().take(n).copied().map(to_id).collect()
    }

    /// Allocates the ids that are missing to have `n` of each of at most two kinds. One trip if any is missing.
    pub(super) async fn allocate(
        &mut self,
        table: &Table,
        team: &TeamId,
        sequences: &[Sequence],
        n: usize,
    ) -> Result<(), Error> {
        let missing = |sequence: Sequence| (sequence, n.saturating_sub(self.of(sequence).len()));
        let wanted: Vec<_> = sequences.iter().copied().map(missing).filter(|(_, n)| *n > 0).collect();
        let first = match *wanted {
            [] => Vec::new(),
            [one] => table.next_ids(team, [one]).await?.to_vec(),
            [one, two, ..] => table.next_ids(team, [one, two]).await?.to_vec(),
        };
        for ((sequence, n), first) in wanted.into_iter().zip(first) {
            self.0.entry(sequence).or_default().extend((first..).take(n));
        }
        Ok(())
    }
}
