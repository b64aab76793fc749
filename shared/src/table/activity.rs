//! A lead's timeline: its log and the comments on it (spec section 5).

use serde::{Deserialize, Serialize};

use super::keys::{Key, PrimaryKey, Range, is_comment};
use super::leads::{live, log_id};
use super::merge::{Merge, Placed};
use super::transaction::{Condition, Meaning, Outcome, Transaction, Tries};
use super::{Consistency, Sequence, Table, decode, encode};
use crate::error::Error;
use crate::model::{
    Action, Actor, Answer, Change, Comment, CommentId, CommentInput, Lead, LeadId, LogEntry, LogId, Once, Position,
    TeamId,
};

/// One entry of a timeline.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Something was done.
    Log(LogEntry),
    /// Something was said.
    Comment(Comment),
}

impl Entry {
    fn place(&self) -> Position {
        match self {
            Self::Log(entry) => entry.place(),
            Self::Comment(comment) => comment.place(),
        }
    }
}

/// A page of a timeline, newest first.
#[derive(Debug)]
pub struct Timeline {
    /// How many log entries the lead has in all.
    pub logs: u64,
    /// How many comments the lead has in all.
    pub comments: u64,
    /// At most `limit` of them.
    pub entries: Vec<Entry>,
    /// The place of the last entry, when there are more.
    pub next: Option<Position>,
}

/// Where a comment is.
#[derive(Serialize, Deserialize)]
struct Pointer {
    lead: LeadId,
    place: Position,
}

impl Table {
    /// A page of a lead's log, and with `comments` of the comments on it too: one trip.
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
        let ranges = logs.into_iter().chain(comments).map(|range| range.placed(None, None, after, true));
        let mut merge = Merge::new(self, ranges, true);
        // One more than the page tells whether there is a next one.
        let (lead, found) = tokio::try_join!(self.lead_alone(team, id), merge.take(limit + 1))?;
        let more = found.len() > limit;
        let entries: Vec<Entry> = found.into_iter().take(limit).map(entry).collect::<Result<_, Error>>()?;
        let next = entries.last().filter(|_| more).map(Entry::place);
        Ok(Timeline { logs: lead.logs, comments: lead.comments, entries, next })
    }

    /// A lead without its team, in one trip.
    async fn lead_alone(&self, team: &TeamId, id: LeadId) -> Result<Lead, Error> {
        let item = self.get(Key::Lead(id).of(team)).await?;
        item.map(live).transpose()?.flatten().ok_or_else(Error::lead_not_found)
    }

    /// Adds a comment to a lead: two trips, three with `once`.
    ///
    /// # Errors
    /// 404 when the team has no such lead.
    pub async fn add_comment(
        &self,
        actor: &Actor,
        lead: LeadId,
        input: &CommentInput,
        once: Option<&Once>,
        answer: impl Fn(&Comment) -> Answer,
    ) -> Result<Answer, Error> {
        let mut tries = Tries::default();
        let mut ids = None;
        loop {
            if let Some(answer) = self.earlier_answer(actor, once).await? {
                return Ok(answer);
            }
            let there = self.lead_alone(&actor.team, lead);
            let (comment, log) = match ids {
                None => tokio::try_join!(there, self.comment_ids(&actor.team))?.1,
                Some(ids) => there.await.map(|_| ids)?,
            };
            ids = Some((comment, log));
            let comment = Comment {
                id: comment,
                lead,
                content: input.content.clone(),
                user: actor.user.clone(),
                created_at: actor.at,
                updated_at: actor.at,
                version: 1,
            };
            let answer = answer(&comment);
            let changes = Change::of_content(None, &comment.content);
            let entry = LogEntry::new(actor, log, Action::CreateComment, comment.id.get(), changes);
            let mut transaction = Transaction::default();
            if let Some(once) = once {
                once.keep(self, actor, &answer, &mut transaction)?;
            }
            let pointer =
                encode(Key::CommentPointer(comment.id).of(&actor.team), &Pointer { lead, place: comment.place() })?;
            transaction.put(self, pointer, Some((Condition::absent(), Meaning::Changed)))?;
            let item = encode(Key::Comment(lead, &comment.place()).of(&actor.team), &comment)?;
            transaction.put(self, item, Some((Condition::absent(), Meaning::Changed)))?;
            transaction.log(self, &actor.team, lead, &entry)?;
            transaction.count_activity(self, &actor.team, lead, 1)?;
            match transaction.commit(self).await? {
                Outcome::Committed => return Ok(answer),
                Outcome::Refused(..) | Outcome::Contended => tries.again().await?,
            }
        }
    }

    async fn comment_ids(&self, team: &TeamId) -> Result<(CommentId, LogId), Error> {
        let [comment, log] = self.next_ids(team, [(Sequence::Comment, 1), (Sequence::Log, 1)]).await?;
        let comment = CommentId::new(comment).ok_or_else(|| Error::internal("comment ids are used up"))?;
        Ok((comment, log_id(log)?))
    }

    /// Changes a comment's text, if it is the actor's own or `anyones` may be changed: three trips. Nothing is written
    /// when nothing differs.
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
        let pointer = self.get(Key::CommentPointer(id).of(&actor.team)).await?;
        let pointer: Pointer = pointer.map(decode).transpose()?.ok_or_else(Error::comment_not_found)?;
        let mut tries = Tries::default();
        let mut log = None;
        loop {
            let before = self.comment(&actor.team, &pointer).await?;
            if before.user.id != actor.user.id && !anyones {
                return Err(Error::access_denied());
            }
            if before.content == input.content {
                return Ok(before);
            }
            let log = self.log_once(actor, &mut log).await?;
            let after = Comment {
                content: input.content.clone(),
                updated_at: actor.at,
                version: before.version + 1,
                ..before.clone()
            };
            let changes = Change::of_content(Some(&before.content), &after.content);
            let entry = LogEntry::new(actor, log, Action::UpdateComment, id.get(), changes);
            let mut transaction = Transaction::default();
            let item = encode(Key::Comment(pointer.lead, &pointer.place).of(&actor.team), &after)?;
            transaction.put(self, item, Some((Condition::unchanged(before.version), Meaning::Changed)))?;
            transaction.log(self, &actor.team, pointer.lead, &entry)?;
            transaction.count_activity(self, &actor.team, pointer.lead, 0)?;
            match transaction.commit(self).await? {
                Outcome::Committed => return Ok(after),
                Outcome::Refused(..) | Outcome::Contended => tries.again().await?,
            }
        }
    }

    /// The comment that a pointer names, while its lead is there.
    async fn comment(&self, team: &TeamId, pointer: &Pointer) -> Result<Comment, Error> {
        let (lead, comment) = (Key::Lead(pointer.lead).of(team), Key::Comment(pointer.lead, &pointer.place).of(team));
        let mut items = self.get_all(vec![lead.clone(), comment.clone()], Consistency::Strong).await?;
        let lead = items.remove(&lead).map(live).transpose()?.flatten();
        let comment = items.remove(&comment).map(decode).transpose()?;
        lead.and(comment).ok_or_else(Error::comment_not_found)
    }
}

fn entry(placed: Placed) -> Result<Entry, Error> {
    let comment = PrimaryKey::of(&placed.item).as_ref().is_some_and(is_comment);
    if comment { decode(placed.item).map(Entry::Comment) } else { decode(placed.item).map(Entry::Log) }
}
