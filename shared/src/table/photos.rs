//! Uploaded photos: which lead has one. One that no lead has is a leftover, and a lead can be given it for 24 hours.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{DUE, Index, Key, Leftover};
use super::lead_writes::takeover;
use super::leads::{Batch, photo_unavailable};
use super::transaction::{Condition, Meaning, Outcome, Transaction, Tries};
use super::{Table, decode, encode, number};
use crate::error::Error;
use crate::model::{Action, Actor, Answer, LeadId, Once, PhotoName, TeamId};

/// How long an upload waits for a lead.
const WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What is known of an upload.
#[derive(Serialize, Deserialize)]
pub(super) struct Upload {
    /// The lead that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// Until when a lead can be given it, in seconds since 1970; it was discarded when neither is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// A photo that became a lead's.
#[derive(Debug)]
pub struct Attached {
    /// What the caller is told.
    pub answer: Answer,
    /// The lead's photo before: its object is to be removed.
    pub dropped: Option<PhotoName>,
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

impl Transaction {
    /// Gives a lead a photo that waits for one.
    pub(super) fn claim_photo(
        &mut self,
        table: &Table,
        actor: &Actor,
        photo: &PhotoName,
        lead: LeadId,
    ) -> Result<(), Error> {
        let waiting = leftover_names(Condition::new("#until > :now"))
            .value(":now", number(seconds(actor.at)))
            .value(":lead", number(lead.get()));
        let expression = "SET #lead = :lead REMOVE #until, #leftover, #due";
        self.update(table, Key::Photo(photo).of(&actor.team), expression, waiting, Meaning::PhotoUnavailable)
    }

    /// Makes a photo one that no lead has or can be given. The clean-up forgets it, not the request: until then it keeps
    /// a lead from being given it while its object goes.
    pub(super) fn discard_photo(
        &mut self,
        table: &Table,
        team: &TeamId,
        photo: &PhotoName,
        due: Timestamp,
        condition: Condition,
    ) -> Result<(), Error> {
        let mut condition = leftover_names(condition);
        for (name, value) in Leftover::attributes(due) {
            condition = condition.value(&format!(":{name}"), value);
        }
        let expression = "SET #leftover = :leftover, #due = :due REMOVE #lead, #until";
        self.update(table, Key::Photo(photo).of(team), expression, condition, Meaning::Changed)
    }
}

fn leftover_names(condition: Condition) -> Condition {
    condition
        .name("#lead", "lead")
        .name("#until", "until")
        .name("#leftover", Index::Leftovers.attribute())
        .name("#due", DUE)
}

/// No lead has it, and it was not discarded.
pub(super) fn waiting(until: u64) -> Condition {
    Condition::new("#until = :until").value(":until", number(until))
}

impl Table {
    /// Notes an upload that a lead can be given within 24 hours: one trip.
    ///
    /// # Errors
    /// 409 when the name is taken.
    pub async fn add_photo(
        &self,
        actor: &Actor,
        photo: &PhotoName,
        once: Option<&Once>,
        answer: Answer,
    ) -> Result<Answer, Error> {
        let until = actor.at.saturating_add(WAIT).unwrap_or(actor.at);
        let mut item = encode(Key::Photo(photo).of(&actor.team), &Upload { lead: None, until: Some(seconds(until)) })?;
        item.extend(Leftover::attributes(takeover(until)));
        let mut tries = Tries::default();
        loop {
            let mut transaction = Transaction::default();
            if let Some(once) = once {
                once.keep(self, actor, &answer, &mut transaction)?;
            }
            transaction.put(self, item.clone(), Some((Condition::absent(), Meaning::Changed)))?;
            if matches!(transaction.commit(self).await?, Outcome::Committed) {
                return Ok(answer);
            }
            tries.again().await?;
            if let Some(answer) = self.earlier_answer(actor, once).await? {
                return Ok(answer);
            }
        }
    }

    /// Gives a lead a photo that waits for one: two trips, three with `once`.
    ///
    /// # Errors
    /// 404 when the team has no such lead, 400 when the photo does not wait.
    pub async fn attach_photo(
        &self,
        actor: &Actor,
        lead: LeadId,
        photo: &PhotoName,
        once: Option<&Once>,
        answer: Answer,
    ) -> Result<Attached, Error> {
        let mut tries = Tries::default();
        let mut log = None;
        loop {
            if let Some(answer) = self.earlier_answer(actor, once).await? {
                return Ok(Attached { answer, dropped: None });
            }
            let (before, team) = self.lead(&actor.team, lead).await?;
            let log = self.log_once(actor, &mut log).await?;
            let mut after = before.clone();
            after.photo = photo.to_string();
            let mut batch = Batch::default();
            if let Some(once) = once {
                once.keep(self, actor, &answer, &mut batch.transaction)?;
            }
            self.change(&mut batch, actor, Action::UploadPhoto, log, &before, &mut after, &team)?;
            match batch.commit(self, &actor.team).await? {
                Outcome::Committed => return Ok(Attached { answer, dropped: before.photo.parse().ok() }),
                Outcome::Refused(Meaning::PhotoUnavailable, _) => return Err(photo_unavailable()),
                Outcome::Refused(..) | Outcome::Contended => tries.again().await?,
            }
        }
    }

    /// Takes a photo from its lead, or from those that wait for one: three trips. Its object is to be removed then.
    ///
    /// # Errors
    /// 404 when the team has no such photo.
    pub async fn detach_photo(&self, actor: &Actor, photo: &PhotoName) -> Result<(), Error> {
        let mut tries = Tries::default();
        let mut log = None;
        loop {
            let outcome = match self.upload(&actor.team, photo).await? {
                Some(Upload { lead: Some(lead), .. }) => {
                    let (before, team) = self.lead(&actor.team, lead).await?;
                    if before.photo == photo.as_str() {
                        let log = self.log_once(actor, &mut log).await?;
                        let mut after = before.clone();
                        after.photo.clear();
                        let mut batch = Batch::default();
                        self.change(&mut batch, actor, Action::DeletePhoto, log, &before, &mut after, &team)?;
                        batch.commit(self, &actor.team).await?
                    } else {
                        Outcome::Contended
                    }
                }
                Some(Upload { until: Some(until), .. }) if until > seconds(actor.at) => {
                    let mut transaction = Transaction::default();
                    transaction.discard_photo(self, &actor.team, photo, takeover(actor.at), waiting(until))?;
                    transaction.commit(self).await?
                }
                _ => return Err(Error::lead_not_found()),
            };
            if matches!(outcome, Outcome::Committed) {
                return Ok(());
            }
            tries.again().await?;
        }
    }

    pub(super) async fn upload(&self, team: &TeamId, photo: &PhotoName) -> Result<Option<Upload>, Error> {
        self.get(Key::Photo(photo).of(team)).await?.map(decode).transpose()
    }
}
