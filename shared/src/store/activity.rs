//! A lead's timeline: its log and its comments.

use serde::{Deserialize, Serialize};

use super::condition::WriteCondition;
use super::keys::{ItemKey, KeyRange, PrimaryKey, is_comment};
use super::leads::writes::decode_live_lead;
use super::sorted_merge::{PositionedItem, SortedMerge};
use super::store_types::ActivityStore;
use super::transact::WriteAttempt;
use super::transaction::{FailedCondition, Transaction};
use super::{ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{
    Action, Actor, Change, Comment, CommentId, CommentInput, IdempotencyKey, Lead, LeadId, LogEntry, LogId,
    SortPosition, TeamId,
};
use crate::store::StoredResponse;

/// An entry of a lead's timeline.
#[derive(Clone, Debug)]
pub enum LogOrComment {
    /// An entry of the log.
    Log(LogEntry),
    /// A comment.
    Comment(Comment),
}

impl LogOrComment {
    /// Sort position of the entry in the timeline: by time of creation, then by id.
    pub fn sort_position(&self) -> SortPosition {
        match self {
            Self::Log(entry) => entry.sort_position(),
            Self::Comment(comment) => comment.sort_position(),
        }
    }
}

/// A page of a lead's timeline, newest entries first.
#[derive(Debug)]
pub struct Timeline {
    /// Number of all log entries of the lead.
    pub logs: u64,
    /// Number of all comments on the lead.
    pub comments: u64,
    /// The entries of this page, at most `limit`.
    pub entries: Vec<LogOrComment>,
    /// Whether the timeline continues after this page.
    pub more: bool,
}

/// Item that maps the id of a comment to its lead and sort position. A comment is stored with its lead, but a request
/// names it by id alone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentPointerItem {
    lead: LeadId,
    sort_position: SortPosition,
}

impl Transaction<'_> {
    /// Adds a comment, its pointer and its log entry to the transaction.
    pub(super) fn put_comment(&mut self, actor: &Actor, comment: &Comment, log: LogId) {
        let position = comment.sort_position();
        let (key, pointer) = (
            ItemKey::CommentPointer(comment.id),
            CommentPointerItem { lead: comment.lead, sort_position: position.clone() },
        );
        self.put_if(
            key.of(&actor.team),
            &pointer,
            TableItem::new(),
            WriteCondition::item_absent(),
            FailedCondition::Changed,
        );
        let key = ItemKey::Comment(comment.lead, &position).of(&actor.team);
        self.put_if(key, comment, TableItem::new(), WriteCondition::item_absent(), FailedCondition::Changed);
        let changes = Change::comment_content_change(None, Some(&comment.content));
        let entry = LogEntry::new(actor, log, Action::CreateComment, comment.id.get(), changes).at(comment.created_at);
        self.add_log_entry(&actor.team, comment.lead, &entry);
    }
}

impl ActivityStore {
    /// Reads a page of a lead's log, merged with the lead's comments if `comments` is set. One round trip.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn timeline(
        &self,
        team: &TeamId,
        id: LeadId,
        comments: bool,
        limit: usize,
        after: Option<&SortPosition>,
    ) -> Result<Timeline, Error> {
        let logs = Some(KeyRange::lead_log_entries(team, id));
        let comments = comments.then(|| KeyRange::comments_of_lead(team, id));
        let ranges = logs.into_iter().chain(comments).map(|range| range.between_positions(None, None, after, true));
        let mut merge = SortedMerge::new(self, ranges, ReadConsistency::Strong, true);
        // Reading one entry more than the page shows whether there is a next page.
        let (lead, found) = tokio::try_join!(self.read_lead_without_team(team, id), merge.next_items(limit + 1))?;
        let more = found.len() > limit;
        let entries: Vec<LogOrComment> =
            found.into_iter().take(limit).map(decode_timeline_entry).collect::<Result<_, Error>>()?;
        Ok(Timeline { logs: lead.logs, comments: lead.comments, entries, more })
    }

    /// Adds a comment to a lead. Two round trips, three with `idempotency_key`.
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
        let answer = &answer;
        let writing = self.transact(actor, &[ItemKey::Lead(lead)]).idempotent(idempotency_key);
        writing
            .prefetch_ids::<(CommentId, LogId)>(true)
            .respond(|mut attempt| async move {
                let at = attempt.take_lead(lead)?.next_write_time(actor.at);
                let (id, log) = attempt.allocated_ids().await?;
                let comment = Comment::new(id, lead, input.content.clone(), actor, at);
                attempt.transaction().put_comment(actor, &comment, log);
                attempt.transaction().count_activity(&actor.team, lead, at, 1);
                attempt.commit(answer(&comment))
            })
            .await
    }

    /// Changes the text of a comment. `anyones` allows comments of other authors too. Writes nothing if the text is the
    /// same. Four round trips.
    ///
    /// # Errors
    /// 404 when the team has no such comment, 403 when another author wrote the comment and `anyones` is `false`.
    pub async fn edit_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        input: &CommentInput,
        anyones: bool,
    ) -> Result<Comment, Error> {
        let pointer = &self.read_comment_pointer(&actor.team, id).await?;
        let key = &ItemKey::Comment(pointer.lead, &pointer.sort_position);
        let writing = self.transact(actor, &[ItemKey::Lead(pointer.lead), key.clone()]);
        writing
            .run(|mut attempt| async move {
                let (on, before) = attempt.take_comment(pointer, anyones)?;
                if before.content == input.content {
                    return attempt.write_nothing(before);
                }
                let (log, at) = (attempt.allocated_ids().await?, on.next_write_time(actor.at));
                let (content, version) = (input.content.clone(), before.version + 1);
                let after = Comment { content, updated_at: at, version, ..before.clone() };
                let (key, unchanged) = (key.of(&actor.team), WriteCondition::version_is(before.version));
                attempt.transaction().put_if(key, &after, TableItem::new(), unchanged, FailedCondition::Changed);
                let changes = Change::comment_content_change(Some(&before.content), Some(&after.content));
                let entry = LogEntry::new(actor, log, Action::UpdateComment, id.get(), changes).at(at);
                attempt.transaction().add_log_entry(&actor.team, pointer.lead, &entry);
                attempt.transaction().count_activity(&actor.team, pointer.lead, at, 0);
                attempt.commit(after)
            })
            .await
    }

    /// Deletes a comment. `anyones` allows comments of other authors too. Four round trips.
    ///
    /// # Errors
    /// 404 when the team has no such comment, 403 when another author wrote the comment and `anyones` is `false`.
    pub async fn delete_comment(&self, actor: &Actor, id: CommentId, anyones: bool) -> Result<(), Error> {
        let pointer = &self.read_comment_pointer(&actor.team, id).await?;
        let key = &ItemKey::Comment(pointer.lead, &pointer.sort_position);
        let writing = self.transact(actor, &[ItemKey::Lead(pointer.lead), key.clone()]);
        writing
            .run(|mut attempt| async move {
                let (on, before) = attempt.take_comment(pointer, anyones)?;
                let (log, at) = (attempt.allocated_ids().await?, on.next_write_time(actor.at));
                let (key, unchanged) = (key.of(&actor.team), WriteCondition::version_is(before.version));
                attempt.transaction().delete_if(key, unchanged, FailedCondition::Changed);
                attempt.transaction().delete(ItemKey::CommentPointer(id).of(&actor.team));
                let changes = Change::comment_content_change(Some(&before.content), None);
                let entry = LogEntry::new(actor, log, Action::DeleteComment, id.get(), changes).at(at);
                attempt.transaction().add_log_entry(&actor.team, pointer.lead, &entry);
                attempt.transaction().count_activity(&actor.team, pointer.lead, at, -1);
                attempt.commit(())
            })
            .await
    }
}

impl Table {
    /// Reads a lead without its team. One round trip.
    async fn read_lead_without_team(&self, team: &TeamId, id: LeadId) -> Result<Lead, Error> {
        let item = self.read_item(ItemKey::Lead(id).of(team), ReadConsistency::Strong).await?;
        item.map(decode_live_lead).transpose()?.flatten().ok_or_else(Error::lead_not_found)
    }

    /// Reads the pointer that holds the lead and sort position of a comment. One round trip.
    async fn read_comment_pointer(&self, team: &TeamId, id: CommentId) -> Result<CommentPointerItem, Error> {
        let pointer = self.read_item(ItemKey::CommentPointer(id).of(team), ReadConsistency::Strong).await?;
        pointer.map(decode).transpose()?.ok_or_else(Error::comment_not_found)
    }
}

impl WriteAttempt<'_> {
    /// Takes a comment and its lead out of the items that the attempt has read.
    ///
    /// # Errors
    /// 404 when the comment or its lead is deleted, 403 when the actor may not change the comment.
    fn take_comment(&mut self, pointer: &CommentPointerItem, anyones: bool) -> Result<(Lead, Comment), Error> {
        let comment: Option<Comment> = self.take_item(&ItemKey::Comment(pointer.lead, &pointer.sort_position))?;
        let (lead, comment) = self.take_live_lead(pointer.lead)?.zip(comment).ok_or_else(Error::comment_not_found)?;
        if anyones || comment.author.is_same_author(&self.actor.author()) {
            Ok((lead, comment))
        } else {
            Err(Error::access_denied())
        }
    }
}

fn decode_timeline_entry(positioned: PositionedItem) -> Result<LogOrComment, Error> {
    let comment = PrimaryKey::of(&positioned.item).as_ref().is_some_and(is_comment);
    if comment {
        decode(positioned.item).map(LogOrComment::Comment)
    } else {
        decode(positioned.item).map(LogOrComment::Log)
    }
}
