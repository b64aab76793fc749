//! How many of something a team has, where it may have so many at most: a number that changes with what it counts.

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::PrimaryKey;
use super::transaction::{Condition, FailedCondition, Outcome, Transaction, Tries};
use super::{Table, number};
use crate::error::Error;
use crate::model::{Actor, IdempotencyKey, Refusal, StoredResponse};

/// The attribute of a counter that bounds how many there are of something.
const COUNT: &str = "count";

impl Transaction<'_> {
    /// One more of what a team has at most `most` of.
    pub(super) fn count_one_more(&mut self, counter: PrimaryKey, most: u64) {
        let room = Condition::new("attribute_not_exists(#count) OR #count < :most").name("#count", COUNT);
        let room = room.value(":most", number(most)).value(":one", number(1));
        self.update(counter, "ADD #count :one", room, FailedCondition::Full);
    }

    /// One less of it.
    pub(super) fn count_one_less(&mut self, counter: PrimaryKey) {
        let one = Condition::default().name("#count", COUNT);
        let one = one.value(":minusOne", AttributeValue::N("-1".to_owned()));
        self.update(counter, "ADD #count :minusOne", one, FailedCondition::Changed);
    }
}

impl Table {
    /// Creates what a team has at most `most` of, as `write` does, with the answer of the request; gives the stored one where the
    /// same request was faster.
    ///
    /// # Errors
    /// `full` when there are as many as there may be.
    pub(super) async fn create_counted(
        &self,
        actor: &Actor,
        (counter, most, full): (PrimaryKey, u64, Refusal),
        (idempotency_key, answer): (Option<&IdempotencyKey>, &StoredResponse),
        write: impl Fn(&mut Transaction<'_>),
    ) -> Result<Option<StoredResponse>, Error> {
        let mut tries = Tries::default();
        loop {
            let mut transaction = Transaction::new(self);
            transaction.store_response(actor, idempotency_key, answer);
            write(&mut transaction);
            transaction.count_one_more(counter.clone(), most);
            match transaction.commit(&mut tries).await? {
                Outcome::Committed => return Ok(None),
                Outcome::Refused(FailedCondition::Full, _) => return Err(full.into()),
                lost => tries.after(&lost).await?,
            }
            if let Some(answer) = self.stored_response(actor, idempotency_key).await? {
                return Ok(Some(answer));
            }
        }
    }

    /// Deletes one of them, as `write` does.
    ///
    /// # Errors
    /// `unknown` when there is no such one.
    pub(super) async fn delete_counted(
        &self,
        counter: PrimaryKey,
        unknown: Error,
        write: impl Fn(&mut Transaction<'_>),
    ) -> Result<(), Error> {
        let mut tries = Tries::default();
        loop {
            let mut transaction = Transaction::new(self);
            write(&mut transaction);
            transaction.count_one_less(counter.clone());
            match transaction.commit(&mut tries).await? {
                Outcome::Committed => return Ok(()),
                Outcome::Refused(..) => return Err(unknown),
                lost => tries.after(&lost).await?,
            }
        }
    }
}
