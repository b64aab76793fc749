//! How many of something a team has, where it may have so many at most: a number that changes with what it counts.

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::PrimaryKey;
use super::number;
use super::transaction::{Condition, FailedCondition, Transaction};

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
