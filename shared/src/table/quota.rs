//! Limits on the number of a team's API keys, forms and webhooks: a counter that changes in the same transaction as
//! they do.

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::PrimaryKey;
use super::transaction::{Condition, FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{Table, number};
use crate::error::Error;
use crate::model::{Actor, DomainError, IdempotencyKey, StoredResponse};

/// The attribute with the number.
const COUNT: &str = "count";

impl Transaction<'_> {
    /// Adds one, on condition that the number stays at most `most`.
    pub(super) fn count_one_more(&mut self, counter: PrimaryKey, most: u64) {
        let room = Condition::new("attribute_not_exists(#count) OR #count < :most").name("#count", COUNT);
        let room = room.value(":most", number(most)).value(":one", number(1));
        self.update(counter, "ADD #count :one", room, FailedCondition::Full);
    }

    /// Subtracts one.
    pub(super) fn count_one_less(&mut self, counter: PrimaryKey) {
        let one = Condition::default().name("#count", COUNT);
        let one = one.value(":minusOne", AttributeValue::N("-1".to_owned()));
        self.update(counter, "ADD #count :minusOne", one, FailedCondition::Changed);
    }
}

impl Table {
    /// Creates an item of a limited kind. `write` adds the item to the transaction, and the answer is stored with it.
    /// Returns the stored answer if a copy of the request was faster.
    ///
    /// # Errors
    /// `full` when the limit is reached.
    pub(super) async fn create_counted(
        &self,
        actor: &Actor,
        (counter, most, full): (PrimaryKey, u64, DomainError),
        (idempotency_key, answer): (Option<&IdempotencyKey>, &StoredResponse),
        write: impl Fn(&mut Transaction<'_>),
    ) -> Result<Option<StoredResponse>, Error> {
        let mut tries = RetryState::default();
        loop {
            let mut transaction = Transaction::new(self);
            transaction.store_response(actor, idempotency_key, answer);
            write(&mut transaction);
            transaction.count_one_more(counter.clone(), most);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(None),
                TransactionOutcome::Refused(FailedCondition::Full, _) => return Err(full.into()),
                lost => tries.after(&lost).await?,
            }
            if let Some(answer) = self.stored_response(actor, idempotency_key).await? {
                return Ok(Some(answer));
            }
        }
    }

    /// Deletes an item of a limited kind. `write` adds the deletion to the transaction.
    ///
    /// # Errors
    /// `unknown` when there is no such item.
    pub(super) async fn delete_counted(
        &self,
        counter: PrimaryKey,
        unknown: Error,
        write: impl Fn(&mut Transaction<'_>),
    ) -> Result<(), Error> {
        let mut tries = RetryState::default();
        loop {
            let mut transaction = Transaction::new(self);
            write(&mut transaction);
            transaction.count_one_less(counter.clone());
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(()),
                TransactionOutcome::Refused(..) => return Err(unknown),
                lost => tries.after(&lost).await?,
            }
        }
    }
}
