//! Submissions of forms. A submission creates a lead, or fills empty fields of the lead that has the same e-mail
//! address. A submission never overwrites a field that is filled in.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::domain::error::Error;
use crate::domain::{
    Actor, Change, Comment, CommentId, Form, FormStatistics, IdempotencyKey, Lead, LeadId, LogId, Submission, Team,
    to_hex,
};
use crate::store::ids::{IdSequence, id_from_number};
use crate::store::item_update::ItemUpdate;
use crate::store::keys::ItemKey;
use crate::store::keys::attribute::TTL;
use crate::store::keys::attribute::form_minute::{ALL_POSTS, SENDER_POSTS_PREFIX};
use crate::store::keys::attribute::form_statistics::{
    ACCEPTED_SUBMISSIONS, IGNORED_FIELD_NAMES, LAST_SUBMITTED_AT, SPAM_SUBMISSIONS,
};
use crate::store::leads::LeadEdit;
use crate::store::leads::writes::{CountedWrites, Lock, decode_live_lead};
use crate::store::store_types::FormStore;

use crate::store::condition::WriteCondition;
use crate::store::transaction::{FailedCondition, RetryState, TransactionOutcome};
use crate::store::{ReadConsistency, StoredResponse, Table, decode, number_value, string_value};

/// Rate limit: maximum number of posts to one form in a minute.
const MAX_POSTS_PER_MINUTE: u64 = 60;
/// Rate limit: maximum number of posts to one form from one sender in a minute.
const MAX_SENDER_POSTS_PER_MINUTE: u64 = 10;
/// Time to live of the rate-limit counter of one minute, in seconds.
const MINUTE_COUNTER_SECONDS: u64 = 5 * 60;
/// Number of log ids that are allocated in advance for a submission: most write one log entry for the lead and one for
/// the message.
const PREALLOCATED_LOG_ID_COUNT: usize = 2;

/// Ids that are allocated in advance for the lead, the comment and the log entries of a submission.
struct SubmissionIds {
    lead: LeadId,
    comment: CommentId,
    logs: Vec<LogId>,
}

/// A submission that passed the rate limit and the honeypot check, with its form and team.
struct AcceptedSubmission<'a> {
    actor: &'a Actor,
    form: &'a Form,
    team: &'a Team,
    submission: &'a Submission,
}

impl FormStore {
    /// Writes a submission. `submission` is `None` if the honeypot was filled in: the post is counted as spam and
    /// discarded. Three round trips for a new lead, four with `idempotency_key`.
    ///
    /// # Errors
    /// 429 when the form or `sender` has reached its limit of posts in this minute.
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
            None => tokio::try_join!(self.team(&actor.team), self.allocate_submission_ids(actor))?,
            // Looks for the stored response first, so that a repeated request allocates no ids.
            Some(_) => match self.read_team_and_response(actor, idempotency_key).await? {
                (_, Some(answer)) => return Ok(answer),
                (team, None) => (team, self.allocate_submission_ids(actor).await?),
            },
        };
        let accepted = AcceptedSubmission { actor, form, team: &team, submission };
        let writing = self.write_submission(&accepted, ids, idempotency_key, &answer);
        let (answer, ()) = tokio::join!(writing, self.count_accepted(&accepted));
        answer
    }
}

impl Table {
    /// Counts a post in the form's rate limit, or fails with 429 if a limit is reached. The item holds the sender only
    /// as a hash together with form and minute.
    async fn check_rate_limit(&self, actor: &Actor, form: &Form, sender: &str) -> Result<(), Error> {
        let now = actor.at.as_second();
        let minute = now / 60;
        let hash = Sha256::digest(format!("{}\n{minute}\n{sender}", form.key.as_str()));
        let sender = to_hex(&hash[..6]);
        let of_sender = format!("{SENDER_POSTS_PREFIX}{sender}");
        let room = "(attribute_not_exists(#all) OR #all < :most) AND (attribute_not_exists(#sender) OR #sender < :mostOfSender)";
        let room = WriteCondition::new(room)
            .with_name("#all", ALL_POSTS)
            .with_name("#sender", &of_sender)
            .with_value(":most", number_value(MAX_POSTS_PER_MINUTE))
            .with_value(":mostOfSender", number_value(MAX_SENDER_POSTS_PER_MINUTE));
        let expiry = number_value(now + MINUTE_COUNTER_SECONDS);
        let update = ItemUpdate::on(room)
            .add_to_attribute(ALL_POSTS, 1)
            .add_to_attribute(&of_sender, 1)
            .set_attribute(TTL, expiry);
        if self.update_if(ItemKey::FormMinute(form.id, actor.at).of(&actor.team), update).await? {
            return Ok(());
        }
        Err(Error::too_many_requests(u32::try_from(60 - now % 60).unwrap_or(60)))
    }

    async fn count_spam(&self, actor: &Actor, form: &Form) {
        let update = ItemUpdate::on(WriteCondition::item_exists()).add_to_attribute(SPAM_SUBMISSIONS, 1);
        log_statistics_failure(self.update_if(ItemKey::FormStatistics(form.id).of(&actor.team), update).await);
    }

    /// Counts an accepted submission in the form's statistics, and records the names of unknown fields that were sent.
    async fn count_accepted(&self, AcceptedSubmission { actor, form, submission, .. }: &AcceptedSubmission<'_>) {
        let mut ignored = None;
        if !submission.ignored.is_empty() {
            let key = ItemKey::FormStatistics(form.id).of(&actor.team);
            let statistics =
                self.read_item(key, ReadConsistency::Eventual).await.and_then(|item| item.map(decode).transpose());
            let statistics: FormStatistics = statistics.ok().flatten().unwrap_or_default();
            ignored = statistics.merged_unknown_fields(&submission.ignored);
        }
        let at = string_value(&actor.at.to_string());
        let mut update = ItemUpdate::on(WriteCondition::item_exists())
            .add_to_attribute(ACCEPTED_SUBMISSIONS, 1)
            .set_attribute(LAST_SUBMITTED_AT, at);
        if let Some(names) = ignored {
            update = update.set_attribute(
                IGNORED_FIELD_NAMES,
                AttributeValue::L(names.into_iter().map(AttributeValue::S).collect()),
            );
        }
        log_statistics_failure(self.update_if(ItemKey::FormStatistics(form.id).of(&actor.team), update).await);
    }

    async fn allocate_submission_ids(&self, actor: &Actor) -> Result<SubmissionIds, Error> {
        let wanted = [(IdSequence::Lead, 1), (IdSequence::Comment, 1), (IdSequence::Log, PREALLOCATED_LOG_ID_COUNT)];
        let [lead, comment, log] = self.allocate_id_ranges(&actor.team, wanted).await?;
        let logs = (log..).take(PREALLOCATED_LOG_ID_COUNT).map(id_from_number).collect::<Result<_, Error>>()?;
        Ok(SubmissionIds { lead: id_from_number(lead)?, comment: id_from_number(comment)?, logs })
    }

    async fn write_submission(
        &self,
        accepted: &AcceptedSubmission<'_>,
        mut ids: SubmissionIds,
        idempotency_key: Option<&IdempotencyKey>,
        answer: &StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let actor = accepted.actor;
        let mut tries = RetryState::default();
        let mut existing: Option<Lead> = None;
        loop {
            let mut writes = CountedWrites::new(self);
            writes.transaction.add_stored_response(actor, idempotency_key, answer);
            match &existing {
                None => accepted.add_new_lead(&ids, &mut writes)?,
                Some(before) => {
                    let edit = accepted.build_lead_edit(before)?;
                    self.allocate_log_ids(actor, &mut ids.logs, edit.log_entry_count() + 1).await?;
                    accepted.add_edit_of_existing_lead(edit, before, &ids, &mut writes)?;
                }
            }
            let outcome = writes.commit(actor, &mut tries).await?;
            let lead = match &outcome {
                TransactionOutcome::Committed => return Ok(answer.clone()),
                TransactionOutcome::Refused(FailedCondition::EmailTaken, Some(lock)) => {
                    Some(decode::<Lock>(lock.clone())?.lead)
                }
                TransactionOutcome::Refused(..) | TransactionOutcome::Contended => {
                    if let Some(answer) = self.read_stored_response(actor, idempotency_key).await? {
                        return Ok(answer);
                    }
                    existing.as_ref().map(|lead| lead.id)
                }
            };
            existing = match lead {
                Some(lead) => {
                    let item = self.read_item(ItemKey::Lead(lead).of(&actor.team), ReadConsistency::Strong).await?;
                    item.map(decode_live_lead).transpose()?.flatten()
                }
                None => None,
            };
            tries.prepare_next_attempt(&outcome).await?;
        }
    }
}

/// Logs a failure to update the statistics. The submission succeeds all the same, because a lead is worth more than
/// statistics. `Ok(false)` is no failure: the form was deleted meanwhile.
fn log_statistics_failure(counted: Result<bool, Error>) {
    if let Err(error) = counted {
        tracing::warn!(%error, "a post was not counted");
    }
}

impl AcceptedSubmission<'_> {
    /// Adds a new lead to the transaction, and the visitor's message as a comment.
    fn add_new_lead(&self, ids: &SubmissionIds, writes: &mut CountedWrites<'_>) -> Result<(), Error> {
        let mut lead = self.submission.to_lead(self.form, self.team, ids.lead, self.actor.at)?;
        let comment = self.message_as_comment(ids, &lead);
        if let Some(comment) = &comment {
            (lead.comments, lead.logs, lead.written_at) = (1, 2, comment.created_at);
        }
        writes.create_counted_lead(self.actor, self.team, ids.logs[0], &mut lead);
        if let Some(comment) = comment {
            writes.transaction.put_comment(self.actor, &comment, ids.logs[1]);
        }
        Ok(())
    }

    /// Builds the change that a submission makes to an existing lead. If the lead already has an attribution, the new
    /// attribution is only logged.
    fn build_lead_edit<'a>(&'a self, before: &'a Lead) -> Result<LeadEdit<'a>, Error> {
        let after = self.submission.fill_empty_fields(before, self.form, self.team)?;
        let mut changes = Change::changes_between_leads(Some(before), &after, self.team);
        if !self.submission.attribution.is_empty() && !before.details.attribution.is_empty() {
            let (previous, current) = (json!(before.details.attribution), json!(self.submission.attribution));
            changes.insert("attribution".to_owned(), Change { previous, current });
        }
        Ok(LeadEdit::with_changes(self.actor, before, after, changes))
    }

    fn add_edit_of_existing_lead(
        &self,
        edit: LeadEdit<'_>,
        before: &Lead,
        ids: &SubmissionIds,
        writes: &mut CountedWrites<'_>,
    ) -> Result<(), Error> {
        let comment = self.message_as_comment(ids, edit.lead_after());
        let entries = edit.log_entry_count();
        match &comment {
            Some(comment) if entries == 0 => {
                writes.transaction.count_activity(&self.actor.team, before.id, comment.created_at, 1);
            }
            None if entries == 0 => {}
            comment => drop(edit.write_into(writes, &ids.logs, comment.as_ref())?),
        }
        if let Some(comment) = comment {
            writes.transaction.put_comment(self.actor, &comment, ids.logs[entries]);
        }
        Ok(())
    }

    /// Builds a comment from the visitor's message, dated after the last write of the lead. `None` without a message.
    fn message_as_comment(&self, ids: &SubmissionIds, on: &Lead) -> Option<Comment> {
        let content = (!self.submission.message.is_empty()).then(|| self.submission.message.clone())?;
        Some(Comment::new(ids.comment, on.id, content, self.actor, on.next_write_time(self.actor.at)))
    }
}
