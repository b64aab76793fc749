//! Limits on the number of a team's API keys, forms and webhooks: a counter that changes in the same transaction as
//! they do.

use super::condition::Condition;
use super::item_update::ItemUpdate;
use super::keys::PrimaryKey;
use super::keys::attribute::quota::COUNT;
use super::number;
use super::transaction::{FailedCondition, Transaction};
use crate::domain::error::Error;

impl Transaction<'_> {
    /// Adds one, on condition that the number stays at most `max`. Otherwise the request ends with `full`.
    pub(super) fn count_one_more(&mut self, counter: PrimaryKey, max: u64, full: fn() -> Error) {
        let room = Condition::new("attribute_not_exists(#count) OR #count < :max").name("#count", COUNT);
        let room = room.value(":max", number(max));
        self.update(counter, ItemUpdate::on(room).add(COUNT, 1), FailedCondition::Reject(full));
    }

    /// Deletes an item and subtracts one. If there is no such item, the request ends with `unknown`.
    pub(super) fn delete_counted(&mut self, key: PrimaryKey, counter: PrimaryKey, unknown: fn() -> Error) {
        self.delete_if(key, Condition::present(), FailedCondition::Reject(unknown));
        self.update(counter, ItemUpdate::default().add(COUNT, -1), FailedCondition::Changed);
    }
}
