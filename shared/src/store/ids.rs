//! Allocation of ids. Each team has one sequence for each kind of id. Ids that are allocated but not used leave gaps.

use std::collections::HashMap;

use super::Table;
use crate::domain::error::Error;
use crate::domain::{ApiKeyId, CommentId, FormId, LeadId, LogId, TeamId, ViewId, WebhookId};

/// A kind of id. Each team has one sequence for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum IdSequence {
    Lead,
    Log,
    Comment,
    ApiKey,
    Form,
    Webhook,
    View,
}

impl IdSequence {
    /// Name of the attribute that holds the last allocated id of this kind, in the team's item of sequences.
    pub(super) fn counter_attribute(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Log => "log",
            Self::Comment => "comment",
            Self::ApiKey => "apiKey",
            Self::Form => "form",
            Self::Webhook => "webhook",
            Self::View => "view",
        }
    }
}

/// An id type whose values are allocated from a [`IdSequence`].
pub(super) trait SequenceId: TryFrom<u64> {
    const SEQUENCE: IdSequence;
}

macro_rules! sequence_ids {
    ($($id:ty: $sequence:ident),*) => { $(impl SequenceId for $id {
        const SEQUENCE: IdSequence = IdSequence::$sequence;
    })* };
}

sequence_ids!(LeadId: Lead, LogId: Log, CommentId: Comment, ApiKeyId: ApiKey, FormId: Form, WebhookId: Webhook, ViewId: View);

/// An id type, or a pair of id types whose ids are allocated together.
pub(super) trait IdOrPair: Sized {
    const SEQUENCES: &'static [IdSequence];

    /// The first allocated id of each type.
    ///
    /// # Errors
    /// 500 when no id of the type is allocated, or when no ids are left.
    fn from_allocated(allocated: &AllocatedIds) -> Result<Self, Error>;
}

impl<A: SequenceId> IdOrPair for A {
    const SEQUENCES: &'static [IdSequence] = &[A::SEQUENCE];

    fn from_allocated(allocated: &AllocatedIds) -> Result<Self, Error> {
        id_from_number(allocated.of(A::SEQUENCE).first().copied().unwrap_or_default())
    }
}

impl<A: SequenceId, B: SequenceId> IdOrPair for (A, B) {
    const SEQUENCES: &'static [IdSequence] = &[A::SEQUENCE, B::SEQUENCE];

    fn from_allocated(allocated: &AllocatedIds) -> Result<Self, Error> {
        Ok((A::from_allocated(allocated)?, B::from_allocated(allocated)?))
    }
}

/// Converts a number to an id.
///
/// # Errors
/// 500 for 0, and for a number above the largest id.
pub(super) fn id_from_number<I: SequenceId>(value: u64) -> Result<I, Error> {
    value.try_into().map_err(|_| Error::internal(format!("{:?} ids are used up", I::SEQUENCE)))
}

/// Ids that a request has allocated. All attempts of the request use the same ids.
#[derive(Debug, Default)]
pub(super) struct AllocatedIds(HashMap<IdSequence, Vec<u64>>);

impl AllocatedIds {
    fn of(&self, sequence: IdSequence) -> &[u64] {
        self.0.get(&sequence).map_or(&[], Vec::as_slice)
    }

    /// The first `n` allocated ids of a kind.
    ///
    /// # Errors
    /// 500 when no ids are left.
    pub(super) fn first_ids<I: SequenceId>(&self, n: usize) -> Result<Vec<I>, Error> {
        self.of(I::SEQUENCE).iter().take(n).copied().map(id_from_number).collect()
    }

    /// Allocates ids until there are `n` of each of `sequences`, which are at most two. One round trip if any id is
    /// missing.
    pub(super) async fn allocate_missing(
        &mut self,
        table: &Table,
        team: &TeamId,
        sequences: &[IdSequence],
        n: usize,
    ) -> Result<(), Error> {
        let missing = |sequence: IdSequence| (sequence, n.saturating_sub(self.of(sequence).len()));
        let wanted: Vec<_> = sequences.iter().copied().map(missing).filter(|(_, n)| *n > 0).collect();
        let first = match *wanted {
            [] => Vec::new(),
            [one] => table.allocate_id_ranges(team, [one]).await?.to_vec(),
            [one, two, ..] => table.allocate_id_ranges(team, [one, two]).await?.to_vec(),
        };
        for ((sequence, n), first) in wanted.into_iter().zip(first) {
            self.0.entry(sequence).or_default().extend((first..).take(n));
        }
        Ok(())
    }
}
