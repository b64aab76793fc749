//! Usage of statuses and businesses by leads: whether a lead has a status or business, and its retirement before
//! deletion.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::condition::WriteCondition;
use super::item_update::ItemUpdate;
use super::keys::ItemKey;
use super::keys::attribute::counter::RETIRED_REFERENCES;
use super::transaction::{FailedCondition, Transaction};
use super::{Table, string_value};
use crate::domain::error::Error;
use crate::domain::{
    ArchivedStateStatus, COUNTER_SHARDS, CounterCopyId, CounterField, CounterKey, CounterValues, StatusOrBusiness,
    TeamId,
};

impl Table {
    /// Reads the guard of a status or business: all copies (shards) of the counter that shows whether a lead has it.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub(super) async fn read_reference_usage(
        &self,
        team: &TeamId,
        reference: StatusOrBusiness,
    ) -> Result<ReferenceUsage, Error> {
        let counter = guard_counter(reference);
        let mut copies: BTreeMap<u64, CounterValues> =
            (0..COUNTER_SHARDS).map(|shard| (shard, CounterValues::new())).collect();
        for (copy, mut numbers) in self.read_counter_copies(team, &counter).await? {
            numbers.retain(|number, _| counted_reference(*number) == Some(reference));
            copies.insert(copy.shard, numbers);
        }
        Ok(ReferenceUsage { reference, copies })
    }
}

/// The guard of a status or business: the counter that changes in every write that gives a lead this status or
/// business.
fn guard_counter(reference: StatusOrBusiness) -> CounterKey {
    match reference {
        StatusOrBusiness::Status(_) => CounterKey::All,
        StatusOrBusiness::Business(id) => CounterKey::of_business(id),
    }
}

/// The status or business whose leads a counter field counts. `None` for a field that counts other leads.
fn counted_reference(number: CounterField) -> Option<StatusOrBusiness> {
    match number {
        CounterField::Leads(cell) => Some(StatusOrBusiness::Status(cell.status)),
        CounterField::Business(id) => Some(StatusOrBusiness::Business(id)),
        CounterField::OfBusiness(..) | CounterField::Unassigned => None,
    }
}

/// Usage of a status or business that is to be deleted, as read from all copies (shards) of its guard counter.
pub(super) struct ReferenceUsage {
    reference: StatusOrBusiness,
    /// Fields of the guard counter that count the status or business, by shard.
    copies: BTreeMap<u64, CounterValues>,
}

impl ReferenceUsage {
    /// Whether any lead has the status or business.
    pub(super) fn is_in_use(&self) -> bool {
        self.copies.values().flat_map(CounterValues::values).sum::<i64>() != 0
    }

    /// The counter fields that must be unchanged when the status or business is retired, with their values. `None` for
    /// a field that must be absent.
    fn expected_guard_fields(&self, numbers: &CounterValues) -> BTreeMap<CounterField, Option<i64>> {
        let mut names: BTreeMap<CounterField, Option<i64>> = match self.reference {
            StatusOrBusiness::Status(id) => {
                ArchivedStateStatus::all_with_status(id).map(|cell| (CounterField::Leads(cell), None)).collect()
            }
            StatusOrBusiness::Business(id) => BTreeMap::from([(CounterField::Business(id), None)]),
        };
        names.extend(numbers.iter().map(|(number, leads)| (*number, Some(*leads))));
        names
    }
}

impl Transaction<'_> {
    /// Retires a status or business that no lead has: later writes that would give it to a lead are refused. The
    /// transaction fails if a lead has gained the status or business since `usage` was read.
    pub(super) fn retire_reference(&mut self, team: &TeamId, usage: &ReferenceUsage, retired: &[StatusOrBusiness]) {
        let retired = AttributeValue::L(retired.iter().map(|one| string_value(&one.to_string())).collect());
        for (shard, numbers) in &usage.copies {
            let names = usage.expected_guard_fields(numbers);
            let mut condition = WriteCondition::default();
            let mut unchanged = Vec::new();
            for (n, (name, leads)) in names.iter().enumerate() {
                match leads {
                    None => unchanged.push(format!("attribute_not_exists({name})")),
                    Some(leads) => {
                        unchanged.push(format!("{name} = :v{n}"));
                        condition = condition.with_value(&format!(":v{n}"), AttributeValue::N(leads.to_string()));
                    }
                }
            }
            condition.expression = unchanged.join(" AND ");
            let names: Vec<String> = names.keys().map(ToString::to_string).collect();
            let update = ItemUpdate::on(condition).set_attribute(RETIRED_REFERENCES, retired.clone());
            let update = update.remove_attributes(names.iter().map(String::as_str));
            let key =
                ItemKey::Count(&guard_counter(usage.reference), CounterCopyId::without_generation(*shard)).of(team);
            self.update(key, update, FailedCondition::Changed);
        }
    }
}
