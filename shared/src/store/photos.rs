//! Records of uploaded photos and of the leads that they are attached to. An upload can be attached to a lead for 24
//! hours. An upload that is not attached is a clean-up task.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::condition::WriteCondition;
use super::item_update::ItemUpdate;
use super::keys::attribute::DUE_AT;
use super::keys::attribute::photo::{ATTACHABLE_UNTIL, ATTACHED_TO_LEAD, OBJECTS_REMOVED};
use super::keys::{CleanupTask, ItemKey};
use super::leads::LeadEdit;
use super::leads::writes::cleanup_due_at;
use super::requests::send_unconditional_write;
use super::store_types::{CleanupStore, PhotoStore};
use super::transact::FreshOrReplayed;
use super::transaction::{FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{ReadConsistency, Table, decode, number_value, string_value};
use crate::domain::error::Error;
use crate::domain::{Actor, ErrorCode, IdempotencyKey, LeadId, PhotoName, TeamId, Timestamp};
use crate::store::StoredResponse;

/// Time for which an upload can be attached to a lead.
const UPLOAD_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Item that records an uploaded photo.
#[derive(Serialize, Deserialize)]
pub(super) struct PhotoRecord {
    /// The lead that the photo is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// Time until which the upload can be attached to a lead, in seconds since 1970. A photo that has neither `lead`
    /// nor `until` was discarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Whether the clean-up has removed the photo's S3 objects once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emptied: bool,
}

/// Result of attaching a photo.
#[derive(Debug)]
pub struct AttachedPhoto {
    /// The response to the request.
    pub answer: StoredResponse,
    /// The photo that was replaced, if any. The caller removes its S3 object.
    pub replaced_photo: Option<PhotoName>,
}

impl Transaction<'_> {
    /// Attaches an unattached upload to a lead.
    pub(super) fn claim_photo(&mut self, actor: &Actor, photo: &PhotoName, lead: LeadId) {
        let waiting = WriteCondition::new("#until > :now")
            .with_name("#until", ATTACHABLE_UNTIL)
            .with_value(":now", number_value(actor.at.as_second()));
        let update = ItemUpdate::on(waiting)
            .set_attribute(ATTACHED_TO_LEAD, number_value(lead.get()))
            .remove_attribute(ATTACHABLE_UNTIL);
        let update = update.remove_attributes(CleanupTask::attribute_names());
        self.update(ItemKey::Photo(photo).of(&actor.team), update, FailedCondition::PhotoUnavailable);
    }

    /// Discards a photo: detaches it from its lead, and rules out that it is attached again. The record stays until the
    /// clean-up deletes it, so that no request can attach the photo while its S3 object is being removed.
    pub(super) fn discard_photo(
        &mut self,
        team: &TeamId,
        photo: &PhotoName,
        due: Timestamp,
        condition: WriteCondition,
    ) {
        let update = ItemUpdate::on(condition)
            .set_attributes(CleanupTask::attributes_due_at(due))
            .set_attributes(self.writer_mark());
        let update = update.remove_attributes([ATTACHED_TO_LEAD, ATTACHABLE_UNTIL]);
        self.update(ItemKey::Photo(photo).of(team), update, FailedCondition::Changed);
    }
}

/// Whether an upload can be attached to a lead now.
pub(super) fn is_attachable(upload: Option<&PhotoRecord>, now: Timestamp) -> bool {
    upload.is_some_and(|upload| upload.until.is_some_and(|until| until > now.as_second()))
}

/// Condition: the photo is not attached to any lead and not discarded.
pub(super) fn still_attachable_until(until: u64) -> WriteCondition {
    WriteCondition::new("#until = :until")
        .with_name("#until", ATTACHABLE_UNTIL)
        .with_value(":until", number_value(until))
}

impl PhotoStore {
    /// Adds the record of an upload, which can be attached to a lead for 24 hours. One round trip.
    ///
    /// # Errors
    /// 409 when the name is taken.
    pub async fn add_photo(
        &self,
        actor: &Actor,
        photo: &PhotoName,
        idempotency_key: Option<&IdempotencyKey>,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let until = actor.at.saturating_add(UPLOAD_LIFETIME);
        let upload = PhotoRecord { lead: None, until: Some(until.as_second()), emptied: false };
        let due = CleanupTask::attributes_due_at(cleanup_due_at(until));
        let (upload, due, answer) = (&upload, &due, &answer);
        let writing = self.transact(actor, &[]).idempotent(idempotency_key).skip_replay_check();
        writing
            .respond(|mut attempt| async move {
                let transaction = attempt.transaction();
                let attributes = transaction.writer_mark().into_iter().chain(due.clone()).collect();
                let key = ItemKey::Photo(photo).of(&actor.team);
                transaction.put_if(key, upload, attributes, WriteCondition::item_absent(), FailedCondition::Changed);
                attempt.commit(answer.clone())
            })
            .await
    }

    /// Attaches an unattached upload to a lead. Three round trips.
    ///
    /// # Errors
    /// 404 when the team has no such lead, 400 when the photo is not an unattached upload.
    pub async fn attach_photo(
        &self,
        actor: &Actor,
        lead: LeadId,
        photo: &PhotoName,
        idempotency_key: Option<&IdempotencyKey>,
        answer: StoredResponse,
    ) -> Result<AttachedPhoto, Error> {
        let writing = self.transact(actor, &[ItemKey::Lead(lead), ItemKey::Team]).idempotent(idempotency_key);
        let attached = writing.photo_message("Invalid file").respond_as(
            |_| answer.clone(),
            |mut attempt| async move {
                let (before, team) = (attempt.take_lead(lead)?, attempt.take_team()?);
                let mut after = before.clone();
                after.photo = photo.to_string();
                let edit = LeadEdit::new(actor, &team, &before, after);
                if edit.log_entry_count() == 0 {
                    // The lead has this photo already, so that no photo was replaced.
                    return attempt.write_nothing(None);
                }
                let logs = attempt.allocated_log_ids(edit.log_entry_count()).await?;
                edit.write_into(&mut attempt.writes, &logs, None)?;
                attempt.commit(before.photo.parse().ok())
            },
        );
        Ok(match attached.await? {
            FreshOrReplayed::Fresh(replaced_photo) => AttachedPhoto { answer, replaced_photo },
            FreshOrReplayed::Replayed(answer) => AttachedPhoto { answer, replaced_photo: None },
        })
    }

    /// Detaches a photo from its lead, in four round trips, or discards an unattached upload, in two. The caller
    /// removes the S3 object.
    ///
    /// # Errors
    /// 404 when the team has no such photo.
    pub async fn detach_photo(&self, actor: &Actor, photo: &PhotoName) -> Result<(), Error> {
        let writing = self.transact(actor, &[ItemKey::Photo(photo)]);
        writing
            .run(|mut attempt| async move {
                match attempt.take_item(&ItemKey::Photo(photo))? {
                    Some(PhotoRecord { lead: Some(lead), .. }) => {
                        attempt.read_more(&[ItemKey::Lead(lead), ItemKey::Team]).await?;
                        let (before, team) = (attempt.take_lead(lead)?, attempt.take_team()?);
                        if before.photo != photo.as_str() {
                            return attempt.read_again();
                        }
                        let mut after = before.clone();
                        after.photo.clear();
                        let edit = LeadEdit::new(actor, &team, &before, after);
                        let logs = attempt.allocated_log_ids(edit.log_entry_count()).await?;
                        edit.write_into(&mut attempt.writes, &logs, None)?;
                    }
                    Some(PhotoRecord { until: Some(until), .. }) if until > actor.at.as_second() => {
                        let due = cleanup_due_at(actor.at);
                        attempt.transaction().discard_photo(&actor.team, photo, due, still_attachable_until(until));
                    }
                    // The original API document has this message for an unknown photo.
                    _ => return Err(Error::not_found(ErrorCode::PhotoNotFound, "Lead not found")),
                }
                attempt.commit(())
            })
            .await
    }
}

impl CleanupStore {
    /// Discards a photo that no lead has. Returns whether its S3 objects were removed once already: the caller removes
    /// them twice, an hour apart. `None` if a lead has the photo, if there is no such photo, or if a concurrent write
    /// changed it.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn mark_photo_orphaned(
        &self,
        team: &TeamId,
        photo: &PhotoName,
        now: Timestamp,
    ) -> Result<Option<bool>, Error> {
        match self.read_photo_record(team, photo).await? {
            None | Some(PhotoRecord { lead: Some(_), .. }) => Ok(None),
            Some(PhotoRecord { until: None, emptied, .. }) => Ok(Some(emptied)),
            Some(PhotoRecord { until: Some(until), .. }) => {
                let mut transaction = Transaction::new(self);
                transaction.discard_photo(team, photo, now, still_attachable_until(until));
                let outcome = transaction.commit(&mut RetryState::default()).await?;
                Ok(matches!(outcome, TransactionOutcome::Committed).then_some(false))
            }
        }
    }

    /// Records that a photo's S3 objects were removed, and schedules their second removal an hour later. By then, a
    /// copy of the object that was under way has ended, and no other copy can have started.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn recheck_photo_later(&self, team: &TeamId, photo: &PhotoName, now: Timestamp) -> Result<(), Error> {
        // Without the condition, a delayed retry would bring back a record that was deleted meanwhile.
        let update = ItemUpdate::on(WriteCondition::item_exists())
            .set_attribute(DUE_AT, string_value(&cleanup_due_at(now).to_string()))
            .set_attribute(OBJECTS_REMOVED, AttributeValue::Bool(true));
        self.update_if(ItemKey::Photo(photo).of(team), update).await.map(drop)
    }

    /// Deletes the record of a discarded photo. The clean-up calls this method after the second removal of the S3
    /// objects.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn delete_photo_record(&self, team: &TeamId, photo: &PhotoName) -> Result<(), Error> {
        let request = self.client.delete_item().table_name(&self.name);
        let request = request.set_key(Some(ItemKey::Photo(photo).primary_key_attributes(team)));
        send_unconditional_write("DeleteItem", || request.clone().send()).await?;
        Ok(())
    }
}

impl Table {
    /// Whether a photo is an upload that can be attached to a lead now.
    pub(super) async fn is_attachable_upload(&self, actor: &Actor, photo: &PhotoName) -> Result<bool, Error> {
        Ok(is_attachable(self.read_photo_record(&actor.team, photo).await?.as_ref(), actor.at))
    }

    pub(super) async fn read_photo_record(
        &self,
        team: &TeamId,
        photo: &PhotoName,
    ) -> Result<Option<PhotoRecord>, Error> {
        self.read_item(ItemKey::Photo(photo).of(team), ReadConsistency::Strong).await?.map(decode).transpose()
    }
}
