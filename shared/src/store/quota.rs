//! Limits on the number of a team's API keys, forms and webhooks: a counter that changes in the same transaction as
//! they do.

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::PrimaryKey;
use super::number;
use super::transaction::{Condition, FailedCondition, Transaction};
use crate::domain::error::Error;

/// The attribute with the number.
const COUNT: &str = "count";

impl Transaction<'_> {
    /// Adds one, on condition that the number stays at most `max`. Otherwise the request ends with `full`.
    pub(super) fn count_one_more(&mut self, counter: PrimaryKey, max: u64, full: fn() -> Error) {
        let room = Condition::new("attribute_not_exists(#count) OR #count < :max").name("#count", COUNT);
        let room = room.value(":max", number(max)).value(":one", number(1));
        self.update(counter, "ADD #count :one", room, FailedCondition::Reject(full));
    }

    /// Deletes an item and subtracts one. If there is no such item, the request ends with `unknown`.
    pub(super) fn delete_counted(&mut self, key: PrimaryKey, counter: PrimaryKey, unknown: fn() -> Error) {
        self.delete_if(key, Condition::present(), FailedCondition::Reject(unknown));
        let one = Condition::default().name("#count", COUNT);
        let one = one.value(":minusOne", AttributeValue::N("-1".to_owned()));
        self.update(counter, "ADD #count :minusOne", one, FailedCondition::Changed);
    }
}
