//! Limits on the number of a team's API keys, forms and webhooks. A counter item changes in the transaction that adds
//! or deletes one of them.

use super::condition::WriteCondition;
use super::item_update::ItemUpdate;
use super::keys::PrimaryKey;
use super::keys::attribute::quota::ITEM_COUNT;
use super::number_value;
use super::transaction::{FailedCondition, Transaction};
use crate::domain::error::Error;

impl Transaction<'_> {
    /// Adds 1 to `counter`, on condition that the number stays at most `max`. Otherwise the request fails with the
    /// error `full`.
    pub(super) fn increment_below_limit(&mut self, counter: PrimaryKey, max: u64, full: fn() -> Error) {
        let room = WriteCondition::new("attribute_not_exists(#count) OR #count < :max").with_name("#count", ITEM_COUNT);
        let room = room.with_value(":max", number_value(max));
        self.update(counter, ItemUpdate::on(room).add_to_attribute(ITEM_COUNT, 1), FailedCondition::Reject(full));
    }

    /// Deletes the item `key` and subtracts 1 from `counter`. If there is no such item, the request fails with the
    /// error `unknown`.
    pub(super) fn delete_and_decrement(&mut self, key: PrimaryKey, counter: PrimaryKey, unknown: fn() -> Error) {
        self.delete_if(key, WriteCondition::item_exists(), FailedCondition::Reject(unknown));
        self.update(counter, ItemUpdate::default().add_to_attribute(ITEM_COUNT, -1), FailedCondition::Changed);
    }
}
