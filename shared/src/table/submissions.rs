//! What comes in through forms: a lead that is new, or one whose empty fields are filled; never one that is overwritten.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::forms::OpenForm;
use super::keys::{Key, TTL};
use super::lead_writes::{Activity, CountedWrites, EmailLock};
use super::leads::{lead_id, live, log_id};
use super::requests::{Failure, asked, written};
use super::transaction::{FailedCondition, Outcome, Tries};
use super::{Consistency, Sequence, Table, decode, number, text};
use crate::error::Error;
use crate::model::{
    Action, Actor, Change, Comment, CommentId, IdempotencyKey, Lead, LeadId, LogEntry, LogId, StoredResponse,
    Submission,
};

/// Most posts of a form in a minute (spec section 11).
const MOST: u64 = 60;
/// Most of them from one address.
const MOST_OF_SENDER: u64 = 10;
/// How long the posts of a minute are remembered, in seconds.
const REMEMBERED: u64 = 5 * 60;

/// Ids of what a submission may write.
#[derive(Clone, Copy)]
struct Ids {
    lead: LeadId,
    comment: CommentId,
    logs: [LogId; 2],
}

/// How a form was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Post {
    Accepted,
    Spam,
}

impl Table {
    /// Writes what a visitor has sent: three trips for a new lead. What a machine alone fills in is counted and nothing
    /// else.
    ///
    /// # Errors
    /// 429 when the form, or `sender`, posts too often.
    pub async fn submit(
        &self,
        actor: &Actor,
        open: &OpenForm,
        submission: &Submission,
        sender: &str,
        idempotency_key: Option<&IdempotencyKey>,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        if let Some(answer) = self.stored_response(actor, idempotency_key).await? {
            return Ok(answer);
        }
        if submission.is_spam {
            self.take_turn(actor, open, sender).await?;
            self.count_post(actor, open, Post::Spam).await?;
            return Ok(answer);
        }
        let ((), ids) = tokio::try_join!(self.take_turn(actor, open, sender), self.ids_of_submission(actor))?;
        let writing = self.write_submission(actor, open, submission, ids, idempotency_key, &answer);
        let (answer, ()) = tokio::try_join!(writing, self.count_post(actor, open, Post::Accepted))?;
        Ok(answer)
    }

    /// Counts a post against the limits of its minute. The address is stored hashed with the form and the minute.
    async fn take_turn(&self, actor: &Actor, open: &OpenForm, sender: &str) -> Result<(), Error> {
        let now = actor.at.as_second();
        let minute = now / 60;
        let hash = Sha256::digest(format!("{}\n{minute}\n{sender}", open.form.key.as_str()));
        let sender: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let room = "(attribute_not_exists(#all) OR #all < :most) AND (attribute_not_exists(#sender) OR #sender < :mostOfSender)";
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::FormMinute(open.form.id, actor.at).attributes(&actor.team)))
            .update_expression("ADD #all :one, #sender :one SET #ttl = :ttl")
            .condition_expression(room)
            .expression_attribute_names("#all", "all")
            .expression_attribute_names("#sender", format!("by{sender}"))
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(MOST))
            .expression_attribute_values(":mostOfSender", number(MOST_OF_SENDER))
            .expression_attribute_values(":ttl", number(now + REMEMBERED));
        if written("UpdateItem", || request.clone().send()).await? {
            return Ok(());
        }
        Err(Error::too_many_requests(u32::try_from(60 - now % 60).unwrap_or(60)))
    }

    /// Counts a post for the form's owner; one that is deleted meanwhile has none.
    async fn count_post(&self, actor: &Actor, open: &OpenForm, post: Post) -> Result<(), Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::FormStatistics(open.form.id).attributes(&actor.team)))
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":one", number(1));
        let request = match post {
            Post::Spam => request.update_expression("ADD spam :one"),
            Post::Accepted => request
                .update_expression("ADD submissions :one SET lastSubmittedAt = :at")
                .expression_attribute_values(":at", text(&actor.at.to_string())),
        };
        match asked("UpdateItem", request.send()).await {
            Ok(_) | Err(Failure::Refused(_)) => {}
            // A lead is worth more than its number.
            Err(failure) => tracing::warn!(error = %failure.into_error(), "a post was not counted"),
        }
        Ok(())
    }

    async fn ids_of_submission(&self, actor: &Actor) -> Result<Ids, Error> {
        let wanted = [(Sequence::Lead, 1), (Sequence::Comment, 1), (Sequence::Log, 2)];
        let [lead, comment, log] = self.next_ids(&actor.team, wanted).await?;
        let comment = CommentId::new(comment).ok_or_else(|| Error::internal("comment ids are used up"))?;
        Ok(Ids { lead: lead_id(lead)?, comment, logs: [log_id(log)?, log_id(log + 1)?] })
    }

    async fn write_submission(
        &self,
        actor: &Actor,
        open: &OpenForm,
        submission: &Submission,
        ids: Ids,
        idempotency_key: Option<&IdempotencyKey>,
        answer: &StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let mut tries = Tries::default();
        let mut existing: Option<Lead> = None;
        loop {
            let mut writes = CountedWrites::new(self);
            writes.transaction.store_response(actor, idempotency_key, answer);
            match &existing {
                None => create(actor, open, submission, ids, &mut writes)?,
                Some(before) => fill(actor, open, submission, ids, before, &mut writes)?,
            }
            let outcome = writes.commit(actor, &mut tries).await?;
            let lead = match &outcome {
                Outcome::Committed => return Ok(answer.clone()),
                Outcome::Refused(FailedCondition::EmailTaken, Some(lock)) => {
                    Some(decode::<EmailLock>(lock.clone())?.lead)
                }
                Outcome::Refused(..) | Outcome::Contended => {
                    if let Some(answer) = self.stored_response(actor, idempotency_key).await? {
                        return Ok(answer);
                    }
                    existing.as_ref().map(|lead| lead.id)
                }
            };
            existing = match lead {
                Some(lead) => {
                    let item = self.get(Key::Lead(lead).of(&actor.team), Consistency::Strong).await?;
                    item.map(live).transpose()?.flatten()
                }
                None => None,
            };
            tries.after(&outcome).await?;
        }
    }
}

/// A new lead, and what the visitor says as a comment on it.
fn create(
    actor: &Actor,
    OpenForm { form, team }: &OpenForm,
    submission: &Submission,
    ids: Ids,
    writes: &mut CountedWrites<'_>,
) -> Result<(), Error> {
    let mut lead = submission.to_lead(form, team, ids.lead, actor.at)?;
    let comment = ids.comment(actor, submission, &lead);
    if let Some(comment) = &comment {
        (lead.comments, lead.logs, lead.written_at) = (1, 2, comment.created_at);
    }
    writes.create(actor, team, ids.logs[0], &mut lead);
    if let Some(comment) = comment {
        writes.transaction.comment(actor, &comment, ids.logs[1]);
    }
    Ok(())
}

/// Fills what is empty of a lead. Where the visitor came from this time is in the log alone.
fn fill(
    actor: &Actor,
    OpenForm { form, team }: &OpenForm,
    submission: &Submission,
    ids: Ids,
    before: &Lead,
    writes: &mut CountedWrites<'_>,
) -> Result<(), Error> {
    let mut after = submission.fill(before, form, team)?;
    let mut changes = Change::between(Some(before), &after, team);
    if !submission.attribution.is_empty() && !before.details.attribution.is_empty() {
        let (previous, current) = (json!(before.details.attribution), json!(submission.attribution));
        changes.insert("attribution".to_owned(), Change { previous, current });
    }
    if changes.is_empty() {
        if let Some(comment) = ids.comment(actor, submission, before) {
            writes.transaction.comment(actor, &comment, ids.logs[1]);
            writes.transaction.count_activity(&actor.team, before.id, comment.created_at, 1);
        }
        return Ok(());
    }
    after.version += 1;
    after.updated_at = before.next_write(actor.at);
    after.written_at = after.updated_at;
    let entry = LogEntry::new(actor, ids.logs[0], Action::UpdateLead, after.id.get(), changes).at(after.updated_at);
    let comment = ids.comment(actor, submission, &after);
    let activity = match &comment {
        Some(comment) => {
            after.written_at = comment.created_at;
            Activity { logs: 2, comments: 1 }
        }
        None => Activity::LOG,
    };
    writes.deltas.change(&before.facets(), &after.facets());
    writes.transaction.overwrite_lead(actor, before, &mut after, activity)?;
    writes.transaction.log(&actor.team, after.id, &entry);
    if let Some(comment) = comment {
        writes.transaction.comment(actor, &comment, ids.logs[1]);
    }
    Ok(())
}

impl Ids {
    /// What the visitor says, behind the last write of the lead.
    fn comment(self, actor: &Actor, submission: &Submission, on: &Lead) -> Option<Comment> {
        let content = (!submission.message.is_empty()).then(|| submission.message.clone())?;
        Some(Comment::new(self.comment, on.id, content, &actor.user, on.next_write(actor.at)))
    }
}
