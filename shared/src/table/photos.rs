//! Uploaded photos: who owns a file name.

use serde::Serialize;

use super::keys::Key;
use super::transaction::{Condition, Meaning, Outcome, Transaction};
use super::{Table, encode};
use crate::error::Error;
use crate::model::{Actor, PhotoName};

/// How long an upload waits for a lead, in seconds.
const WAIT: i64 = 24 * 60 * 60;

#[derive(Serialize)]
struct Upload {
    ttl: i64,
}

impl Table {
    /// Notes an upload that a lead can be given within 24 hours.
    ///
    /// # Errors
    /// 409 when the name is taken.
    pub async fn add_photo(&self, actor: &Actor, photo: &PhotoName) -> Result<(), Error> {
        let item = encode(Key::Photo(photo).of(&actor.team), &Upload { ttl: actor.at.as_second() + WAIT })?;
        let mut transaction = Transaction::default();
        transaction.put(self, item, Some((Condition::absent(), Meaning::Changed)))?;
        match transaction.commit(self).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(..) | Outcome::Contended => Err(Error::conflict()),
        }
    }
}
