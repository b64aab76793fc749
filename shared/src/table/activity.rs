//! A lead's timeline: its log and its comments.

use serde::{Deserialize, Serialize};

use super::keys::{Key, PrimaryKey, Range, is_comment};
use super::leads::{decode_live_lead, log_id};
use super::sorted_merge::{Positioned, SortedMerge};
use super::transaction::{Condition, FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{Consistency, Item, Sequence, Table, decode};
use crate::error::Error;
use crate::model::{
    Action, Actor, Change, Comment, CommentId, CommentInput, IdempotencyKey, Lead, LeadId, LogEntry, LogId, Position,
    StoredResponse, TeamId,
};

/// One entry of a timeline.
#[derive(Clone, Debug)]
pub enum Entry {
    /// An entry of the log.
    Log(LogEntry),
    /// A comment.
    Comment(Comment),
}

impl Entry {
    /// Position in the timeline.
    pub fn sort_position(&self) -> Position {
        match self {
            Self::Log(entry) => entry.sort_position(),
            Self::Comment(comment) => comment.sort_position(),
        }
    }
}

/// A page of a timeline, newest first.
#[derive(Debug)]
pub struct Timeline {
    /// Number of all log entries of the lead.
    pub logs: u64,
    /// Number of all comments on the lead.
    pub comments: u64,
    /// At most `limit` of them.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub more: bool,
}

/// The lead and position of a comment. Comments are found by their id alone, and stored with their lead.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pointer {
    lead: LeadId,
    sort_position: Position,
}

impl Transaction<'_> {
    /// Adds a comment with its log entry.
    pub(super) fn comment(&mut self, actor: &Actor, comment: &Comment, log: LogId) {
        let position = comment.sort_position();
        let (key, pointer) =
            (Key::CommentPointer(comment.id), Pointer { lead: comment.lead, sort_position: position.clone() });
        self.put_if(key.of(&actor.team), &pointer, Item::new(), Condition::absent(), FailedCondition::Changed);
        let key = Key::Comment(comment.lead, &position).of(&actor.team);
        self.put_if(key, comment, Item::new(), Condition::absent(), FailedCondition::Changed);
        let changes = Change::of_content(None, Some(&comment.content));
        let entry = LogEntry::new(actor, log, Action::CreateComment, comment.id.get(), changes).at(comment.created_at);
        self.add_log_entry(&actor.team, comment.lead, &entry);
    }
}

impl Table {
    /// A page of a lead's log, with `comments` also of its comments. One trip.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn timeline(
        &self,
        team: &TeamId,
        id: LeadId,
        comments: bool,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<Timeline, Error> {
        let logs = Some(Range::logs(team, id));
        let comments = comments.then(|| Range::comments(team, id));
        let ranges = logs.into_iter().chain(comments).map(|range| range.within(None, None, after, true));
        let mut merge = SortedMerge::new(self, ranges, Consistency::Strong, true);
        // One entry more than the page shows whether there is a next page.
        let (lead, found) = tokio::try_join!(self.lead_alone(team, id), merge.take(limit + 1))?;
        let more = found.len() > limit;
        let entries: Vec<Entry> = found.into_iter().take(limit).map(entry).collect::<Result<_, Error>>()?;
        Ok(Timeline { logs: lead.logs, comments: lead.comments, entries, more })
    }

    /// Reads only the lead, not its team. One trip.
    async fn lead_alone(&self, team: &TeamId, id: LeadId) -> Result<Lead, Error> {
        let item = self.get(Key::Lead(id).of(team), Consistency::Strong).await?;
        item.map(decode_live_lead).transpose()?.flatten().ok_or_else(Error::lead_not_found)
    }

    /// Adds a comment to a lead. Two trips, three with `idempotency_key`.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn add_comment(
        &self,
        actor: &Actor,
        lead: LeadId,
        input: &CommentInput,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Comment) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let mut tries = RetryState::default();
        let mut ids = None;
        loop {
            if let Some(answer) = self.stored_response(actor, idempotency_key).await? {
                return Ok(answer);
            }
            let there = self.lead_alone(&actor.team, lead);
            let (on, (id, log)) = match ids {
                None => tokio::try_join!(there, self.comment_ids(&actor.team))?,
                Some(ids) => (there.await?, ids),
            };
            ids = Some((id, log));
            let at = on.next_write(actor.at);
            let comment = Comment::new(id, lead, input.content.clone(), actor, at);
            let answer = answer(&comment);
            let mut transaction = Transaction::new(self);
            transaction.store_response(actor, idempotency_key, &answer);
            transaction.comment(actor, &comment, log);
            transaction.count_activity(&actor.team, lead, at, 1);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(answer),
                lost => tries.after(&lost).await?,
            }
        }
    }

    async fn comment_ids(&self, team: &TeamId) -> Result<(CommentId, LogId), Error> {
        let [comment, log] = self.next_ids(team, [(Sequence::Comment, 1), (Sequence::Log, 1)]).await?;
        let comment = CommentId::new(comment).ok_or_else(|| Error::internal("comment ids are used up"))?;
        Ok((comment, log_id(log)?))
    }

    /// Changes the text of a comment that is the actor's own; with `anyones`, of any comment. Four trips. Writes
    /// nothing if the text is the same.
    ///
    /// # Errors
    /// 404 when the team has no such comment, 403 when it is someone else's.
    pub async fn edit_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        input: &CommentInput,
        anyones: bool,
    ) -> Result<Comment, Error> {
        let pointer = self.comment_pointer(&actor.team, id).await?;
        let mut tries = RetryState::default();
        let mut log = None;
        loop {
            let (on, before) = self.comment(actor, &pointer, anyones).await?;
            if before.content == input.content {
                return Ok(before);
            }
            let taken = self.log_once(actor, log).await?;
            log = Some(taken);
            let at = on.next_write(actor.at);
            let (content, version) = (input.content.clone(), before.version + 1);
            let after = Comment { content, updated_at: at, version, ..before.clone() };
            let mut transaction = Transaction::new(self);
            let key = Key::Comment(pointer.lead, &pointer.sort_position).of(&actor.team);
            let unchanged = Condition::unchanged(before.version);
            transaction.put_if(key, &after, Item::new(), unchanged, FailedCondition::Changed);
            let changes = Change::of_content(Some(&before.content), Some(&after.content));
            let entry = LogEntry::new(actor, taken, Action::UpdateComment, id.get(), changes).at(at);
            transaction.add_log_entry(&actor.team, pointer.lead, &entry);
            transaction.count_activity(&actor.team, pointer.lead, at, 0);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(after),
                lost => tries.after(&lost).await?,
            }
        }
    }

    /// Deletes a comment that is the actor's own; with `anyones`, any comment. Four trips.
    ///
    /// # Errors
    /// 404 when the team has no such comment, 403 when it is someone else's.
    pub async fn delete_comment(&self, actor: &Actor, id: CommentId, anyones: bool) -> Result<(), Error> {
        let pointer = self.comment_pointer(&actor.team, id).await?;
        let mut tries = RetryState::default();
        let mut log = None;
        loop {
            let (on, before) = self.comment(actor, &pointer, anyones).await?;
            let taken = self.log_once(actor, log).await?;
            log = Some(taken);
            let at = on.next_write(actor.at);
            let mut transaction = Transaction::new(self);
            let key = Key::Comment(pointer.lead, &pointer.sort_position).of(&actor.team);
            transaction.delete_if(key, Condition::unchanged(before.version), FailedCondition::Changed);
            transaction.delete(Key::CommentPointer(id).of(&actor.team));
            let changes = Change::of_content(Some(&before.content), None);
            let entry = LogEntry::new(actor, taken, Action::DeleteComment, id.get(), changes).at(at);
            transaction.add_log_entry(&actor.team, pointer.lead, &entry);
            transaction.count_activity(&actor.team, pointer.lead, at, -1);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(()),
                lost => tries.after(&lost).await?,
            }
        }
    }

    async fn comment_pointer(&self, team: &TeamId, id: CommentId) -> Result<Pointer, Error> {
        let pointer = self.get(Key::CommentPointer(id).of(team), Consistency::Strong).await?;
        pointer.map(decode).transpose()?.ok_or_else(Error::comment_not_found)
    }

    /// The comment of a pointer, and its lead. 404 if either is gone, 403 if the actor may not change the comment.
    async fn comment(&self, actor: &Actor, pointer: &Pointer, anyones: bool) -> Result<(Lead, Comment), Error> {
        let lead = Key::Lead(pointer.lead).of(&actor.team);
        let comment = Key::Comment(pointer.lead, &pointer.sort_position).of(&actor.team);
        let mut items = self.get_all(vec![lead.clone(), comment.clone()], Consistency::Strong).await?;
        let lead = items.remove(&lead).map(decode_live_lead).transpose()?.flatten();
        let comment: Option<Comment> = items.remove(&comment).map(decode).transpose()?;
        let (lead, comment) = lead.zip(comment).ok_or_else(Error::comment_not_found)?;
        if anyones || comment.author.is_same(&actor.author()) {
            Ok((lead, comment))
        } else {
            Err(Error::access_denied())
        }
    }
}

fn entry(positioned: Positioned) -> Result<Entry, Error> {
    let comment = PrimaryKey::of(&positioned.item).as_ref().is_some_and(is_comment);
    if comment { decode(positioned.item).map(Entry::Comment) } else { decode(positioned.item).map(Entry::Log) }
}
