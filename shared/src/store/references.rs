//! Usage of statuses and businesses by leads: whether a lead has a status or business, and its retirement before
//! deletion.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::condition::Condition;
use super::item_update::ItemUpdate;
use super::keys::Key;
use super::keys::attribute::counter::RETIRED_REFERENCES;
use super::transaction::{FailedCondition, Transaction};
use super::{Table, text};
use crate::domain::error::Error;
use crate::domain::{CopyId, CounterField, CounterFields, CounterKey, Reference, SHARDS, StatusCell, TeamId};

impl Table {
    /// Reads the guard of a status or business: all copies (shards) of the counter that shows whether a lead has it.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub(super) async fn usage(&self, team: &TeamId, reference: Reference) -> Result<ReferenceUsage, Error> {
        let counter = guard_of(reference);
        let mut copies: BTreeMap<u64, CounterFields> = (0..SHARDS).map(|shard| (shard, CounterFields::new())).collect();
        for (copy, mut numbers) in self.copies(team, &counter).await? {
            numbers.retain(|number, _| refers(*number) == Some(reference));
            copies.insert(copy.shard, numbers);
        }
        Ok(ReferenceUsage { reference, copies })
    }
}

/// The guard of a status or business: the counter that changes in every write that gives a lead this status or
/// business.
fn guard_of(reference: Reference) -> CounterKey {
    match reference {
        Reference::Status(_) => CounterKey::All,
        Reference::Business(id) => CounterKey::business(id),
    }
}

/// The status or business whose leads a counter field counts. `None` for a field that counts other leads.
fn refers(number: CounterField) -> Option<Reference> {
    match number {
        CounterField::Leads(cell) => Some(Reference::Status(cell.status)),
        CounterField::Business(id) => Some(Reference::Business(id)),
        CounterField::OfBusiness(..) | CounterField::Unassigned => None,
    }
}

/// Usage of a status or business that is to be deleted, as read from all copies (shards) of its guard counter.
pub(super) struct ReferenceUsage {
    reference: Reference,
    /// Fields of the guard counter that count the status or business, by shard.
    copies: BTreeMap<u64, CounterFields>,
}

impl ReferenceUsage {
    /// Whether any lead has the status or business.
    pub(super) fn in_use(&self) -> bool {
        self.copies.values().flat_map(CounterFields::values).sum::<i64>() != 0
    }

    /// The counter fields that must be unchanged when the status or business is retired, with their values. `None` for
    /// a field that must be absent.
    fn names(&self, numbers: &CounterFields) -> BTreeMap<CounterField, Option<i64>> {
        let mut names: BTreeMap<CounterField, Option<i64>> = match self.reference {
            Reference::Status(id) => StatusCell::all_of(id).map(|cell| (CounterField::Leads(cell), None)).collect(),
            Reference::Business(id) => BTreeMap::from([(CounterField::Business(id), None)]),
        };
        names.extend(numbers.iter().map(|(number, leads)| (*number, Some(*leads))));
        names
    }
}

impl Transaction<'_> {
    /// Retires a status or business that no lead has: later writes that would give it to a lead are refused. The
    /// transaction fails if a lead has gained the status or business since `usage` was read.
    pub(super) fn retire_reference(&mut self, team: &TeamId, usage: &ReferenceUsage, retired: &[Reference]) {
        let retired = AttributeValue::L(retired.iter().map(|one| text(&one.to_string())).collect());
        for (shard, numbers) in &usage.copies {
            let names = usage.names(numbers);
            let mut condition = Condition::default();
            let mut unchanged = Vec::new();
            for (n, (name, leads)) in names.iter().enumerate() {
                match leads {
                    None => unchanged.push(format!("attribute_not_exists({name})")),
                    Some(leads) => {
                        unchanged.push(format!("{name} = :v{n}"));
                        condition = condition.value(&format!(":v{n}"), AttributeValue::N(leads.to_string()));
                    }
                }
            }
            condition.expression = unchanged.join(" AND ");
            let names: Vec<String> = names.keys().map(ToString::to_string).collect();
            let update = ItemUpdate::on(condition).set(RETIRED_REFERENCES, retired.clone());
            let update = update.remove_all(names.iter().map(String::as_str));
            let key = Key::Count(&guard_of(usage.reference), CopyId::undated(*shard)).of(team);
            self.update(key, update, FailedCondition::Changed);
        }
    }
}
