//! What comes in through forms: a lead that is new, or one whose empty fields are filled; never one that is overwritten.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::keys::{Key, TTL};
use super::lead_writes::{CountedWrites, EmailLock};
use super::leads::{Edit, lead_id, live, log_id};
use super::requests::{Failure, asked, written};
use super::transaction::{FailedCondition, Outcome, Tries};
use super::{Consistency, Sequence, Table, decode, number, text};
use crate::error::Error;
use crate::model::{
    Actor, Change, Comment, CommentId, Form, FormStatistics, IdempotencyKey, Lead, LeadId, LogId, StoredResponse,
    Submission, Team,
};

/// Most posts of a form in a minute (spec section 11).
const MOST: u64 = 60;
/// Most of them from one sender.
const MOST_OF_SENDER: u64 = 10;
/// How long the posts of a minute are remembered, in seconds.
const REMEMBERED: u64 = 5 * 60;
/// Log entries of most submissions: of the lead, and of the message.
const ORDINARY_LOGS: usize = 2;

/// Ids of what a submission may write.
struct Ids {
    lead: LeadId,
    comment: CommentId,
    logs: Vec<LogId>,
}

/// A post that is written.
struct Accepted<'a> {
    actor: &'a Actor,
    form: &'a Form,
    team: &'a Team,
    submission: &'a Submission,
}

impl Table {
    /// Writes what a visitor has sent: four trips for a new lead, of which only the first two are made before the limits of
    /// the form are known to hold. `None` for a submission that fills in the honeypot: it is counted and discarded.
    ///
    /// # Errors
    /// 429 when the form, or `sender`, posts too often.
    pub async fn submit(
        &self,
        actor: &Actor,
        form: &Form,
        submission: Option<&Submission>,
        sender: &str,
        idempotency_key: Option<&IdempotencyKey>,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        self.check_rate_limit(actor, form, sender).await?;
        let Some(submission) = submission else {
            self.count_spam(actor, form).await;
            return Ok(answer);
        };
        let (team, ids) = match idempotency_key {
            None => tokio::try_join!(self.team(&actor.team), self.ids_of_submission(actor))?,
            // The stored answer is looked for first: a repeated request takes no id.
            Some(_) => match self.team_or_answer(actor, idempotency_key).await? {
                (_, Some(answer)) => return Ok(answer),
                (team, None) => (team, self.ids_of_submission(actor).await?),
            },
        };
        let accepted = Accepted { actor, form, team: &team, submission };
        let writing = self.write_submission(&accepted, ids, idempotency_key, &answer);
        let (answer, ()) = tokio::join!(writing, self.count_accepted(&accepted));
        answer
    }

    /// Counts a post against the limits of its minute. The sender is stored hashed with the form and the minute.
    async fn check_rate_limit(&self, actor: &Actor, form: &Form, sender: &str) -> Result<(), Error> {
        let now = actor.at.as_second();
        let minute = now / 60;
        let hash = Sha256::digest(format!("{}\n{minute}\n{sender}", form.key.as_str()));
        let sender: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let room = "(attribute_not_exists(#all) OR #all < :most) AND (attribute_not_exists(#sender) OR #sender < :mostOfSender)";
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::FormMinute(form.id, actor.at).attributes(&actor.team)))
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

    async fn count_spam(&self, actor: &Actor, form: &Form) {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::FormStatistics(form.id).attributes(&actor.team)))
            .update_expression("ADD spam :one")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":one", number(1));
        noted(asked("UpdateItem", request.send()).await.map(drop));
    }

    /// Counts a post for the form's owner, and shows them which fields of it mean nothing.
    async fn count_accepted(&self, Accepted { actor, form, submission, .. }: &Accepted<'_>) {
        let mut ignored = None;
        if !submission.ignored.is_empty() {
            let key = Key::FormStatistics(form.id).of(&actor.team);
            let statistics = self.get(key, Consistency::Eventual).await.and_then(|item| item.map(decode).transpose());
            let statistics: FormStatistics = statistics.ok().flatten().unwrap_or_default();
            ignored = statistics.with_ignored(&submission.ignored);
        }
        let expression = match ignored {
            Some(_) => "ADD submissions :one SET lastSubmittedAt = :at, ignored = :ignored",
            None => "ADD submissions :one SET lastSubmittedAt = :at",
        };
        let names = |names: Vec<String>| AttributeValue::L(names.into_iter().map(AttributeValue::S).collect());
        let values =
            [(":one", Some(number(1))), (":at", Some(text(&actor.at.to_string()))), (":ignored", ignored.map(names))];
        let values = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::FormStatistics(form.id).attributes(&actor.team)))
            .update_expression(expression)
            .condition_expression("attribute_exists(PK)")
            .set_expression_attribute_values(Some(values.collect()));
        noted(asked("UpdateItem", request.send()).await.map(drop));
    }

    async fn ids_of_submission(&self, actor: &Actor) -> Result<Ids, Error> {
        let wanted = [(Sequence::Lead, 1), (Sequence::Comment, 1), (Sequence::Log, ORDINARY_LOGS)];
        let [lead, comment, log] = self.next_ids(&actor.team, wanted).await?;
        let comment = CommentId::new(comment).ok_or_else(|| Error::internal("comment ids are used up"))?;
        let logs = (log..).take(ORDINARY_LOGS).map(log_id).collect::<Result<_, Error>>()?;
        Ok(Ids { lead: lead_id(lead)?, comment, logs })
    }

    async fn write_submission(
        &self,
        accepted: &Accepted<'_>,
        mut ids: Ids,
        idempotency_key: Option<&IdempotencyKey>,
        answer: &StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let actor = accepted.actor;
        let mut tries = Tries::default();
        let mut existing: Option<Lead> = None;
        loop {
            let mut writes = CountedWrites::new(self);
            writes.transaction.store_response(actor, idempotency_key, answer);
            match &existing {
                None => accepted.create(&ids, &mut writes)?,
                Some(before) => {
                    let edit = accepted.edit(before)?;
                    self.take_logs(actor, &mut ids.logs, edit.log_entries() + 1).await?;
                    accepted.fill(edit, before, &ids, &mut writes)?;
                }
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

/// A lead is worth more than the number of posts, and a form that is deleted meanwhile has none.
fn noted(counted: Result<(), Failure>) {
    match counted {
        Ok(()) | Err(Failure::Refused(_)) => {}
        Err(failure) => tracing::warn!(error = %failure.into_error(), "a post was not counted"),
    }
}

impl Accepted<'_> {
    /// Writes a new lead, and what the visitor says as a comment on it.
    fn create(&self, ids: &Ids, writes: &mut CountedWrites<'_>) -> Result<(), Error> {
        let mut lead = self.submission.to_lead(self.form, self.team, ids.lead, self.actor.at)?;
        let comment = self.comment(ids, &lead);
        if let Some(comment) = &comment {
            (lead.comments, lead.logs, lead.written_at) = (1, 2, comment.created_at);
        }
        writes.create(self.actor, self.team, ids.logs[0], &mut lead);
        if let Some(comment) = comment {
            writes.transaction.comment(self.actor, &comment, ids.logs[1]);
        }
        Ok(())
    }

    /// What the post changes of a lead that is there. Where the visitor came from this time is in the log alone.
    fn edit<'a>(&'a self, before: &'a Lead) -> Result<Edit<'a>, Error> {
        let after = self.submission.fill(before, self.form, self.team)?;
        let mut changes = Change::between(Some(before), &after, self.team);
        if !self.submission.attribution.is_empty() && !before.details.attribution.is_empty() {
            let (previous, current) = (json!(before.details.attribution), json!(self.submission.attribution));
            changes.insert("attribution".to_owned(), Change { previous, current });
        }
        Ok(Edit::with_changes(self.actor, before, after, changes))
    }

    fn fill(&self, edit: Edit<'_>, before: &Lead, ids: &Ids, writes: &mut CountedWrites<'_>) -> Result<(), Error> {
        let comment = self.comment(ids, edit.after());
        let entries = edit.log_entries();
        match &comment {
            Some(comment) if entries == 0 => {
                writes.transaction.count_activity(&self.actor.team, before.id, comment.created_at, 1);
            }
            None if entries == 0 => {}
            comment => drop(edit.write(writes, &ids.logs, comment.as_ref())?),
        }
        if let Some(comment) = comment {
            writes.transaction.comment(self.actor, &comment, ids.logs[entries]);
        }
        Ok(())
    }

    /// What the visitor says, behind the last write of the lead.
    fn comment(&self, ids: &Ids, on: &Lead) -> Option<Comment> {
        let content = (!self.submission.message.is_empty()).then(|| self.submission.message.clone())?;
        Some(Comment::new(ids.comment, on.id, content, self.actor, on.next_write(self.actor.at)))
    }
}
