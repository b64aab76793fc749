//! Exact counts of leads without a scan: a write of a lead adds to a few counters, and the count for any filter is a sum
//! of counters. A counter ([`CounterKey`]) counts, for example, the leads of one source or one day.

pub(super) mod archived_state_status;
pub(super) mod counter_field;
pub(super) mod counter_key;
pub(super) mod creation;
pub(super) mod lead_count;
pub(super) mod period;
pub(super) mod source_hash;
pub(super) mod status_or_business;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{ArchivedStateStatus, CounterField, CounterKey, CounterValues, Lead, LeadGroup, StatusOrBusiness};

/// Number of copies of each counter. A write adds to a random copy, so that concurrent writes of one team rarely
/// conflict on one item.
pub const COUNTER_SHARDS: u64 = 8;

/// The properties of a lead that decide in which counters the lead is counted: archived flag, state, status,
/// businesses, source and day of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedProperties {
    cell: ArchivedStateStatus,
    group: LeadGroup,
    day: Date,
}

impl CountedProperties {
    pub(super) fn of(lead: &Lead) -> Self {
        let businesses: BTreeSet<_> = lead.business.iter().copied().collect();
        Self {
            cell: ArchivedStateStatus { archived: lead.archived, state: lead.state, status: lead.status_id },
            group: LeadGroup { businesses: businesses.into_iter().collect(), source: lead.derived.source.clone() },
            day: lead.created_at.as_utc_day(),
        }
    }

    /// Returns every counter, with its field, in which the lead is counted.
    fn counters_and_fields(&self) -> Vec<(CounterKey, CounterField)> {
        let (cell, day) = (self.cell, CounterKey::Day(self.day));
        let mut numbers = vec![
            (CounterKey::All, CounterField::Leads(cell)),
            (day.clone(), CounterField::Leads(cell)),
            (CounterKey::Group(self.day, self.group.clone()), CounterField::Leads(cell)),
        ];
        numbers.extend(self.group.source.clone().map(|source| (CounterKey::Source(source), CounterField::Leads(cell))));
        for id in &self.group.businesses {
            numbers.push((day.clone(), CounterField::Business(*id)));
            numbers.push((CounterKey::of_business(*id), CounterField::Business(*id)));
            numbers.push((CounterKey::of_business(*id), CounterField::OfBusiness(cell, *id)));
        }
        if self.group.businesses.is_empty() {
            numbers.push((day, CounterField::Unassigned));
        }
        numbers
    }
}

/// The amounts that one write adds to counters. Amounts of zero are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterDeltas(BTreeMap<CounterKey, CounterValues>);

impl CounterDeltas {
    /// Maximum number of counters that one change of a lead adds to: all leads, the day of creation, the old and new
    /// source, the old and new group, and one for each old and new business.
    pub const MAX_COUNTERS_PER_CHANGE: usize = 6 + 2 * Lead::MAX_BUSINESSES;

    /// Adds one to the counters of a new lead.
    pub fn add_lead(&mut self, counted_properties: &CountedProperties) {
        self.add_signed(counted_properties, 1);
    }

    /// Subtracts one from the counters of a deleted lead.
    pub fn remove_lead(&mut self, counted_properties: &CountedProperties) {
        self.add_signed(counted_properties, -1);
    }

    /// Moves a changed lead from its old counters to its new ones. Changes nothing if the counted properties are equal.
    pub fn move_lead(&mut self, before: &CountedProperties, after: &CountedProperties) {
        self.remove_lead(before);
        self.add_lead(after);
    }

    /// Number of counters that the write updates. Unless no counter changes, the counter of all leads is one of them.
    pub fn len(&self) -> usize {
        self.0.len() + usize::from(!self.is_empty() && !self.0.contains_key(&CounterKey::All))
    }

    /// Whether no counter changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters that change, each with the amounts to add.
    pub fn iter(&self) -> impl Iterator<Item = (&CounterKey, &CounterValues)> {
        self.0.iter()
    }

    /// Statuses and businesses whose number of leads rises by these changes of one counter. None of them may be retired
    /// when the transaction commits.
    pub fn gained_references(numbers: &CounterValues) -> BTreeSet<StatusOrBusiness> {
        let mut gained: BTreeMap<StatusOrBusiness, i64> = BTreeMap::new();
        for (number, change) in numbers {
            let reference = match number {
                CounterField::Leads(cell) => StatusOrBusiness::Status(cell.status),
                CounterField::Business(id) => StatusOrBusiness::Business(*id),
                CounterField::OfBusiness(..) | CounterField::Unassigned => continue,
            };
            *gained.entry(reference).or_default() += change;
        }
        gained.into_iter().filter(|(_, change)| *change > 0).map(|(reference, _)| reference).collect()
    }

    fn add_signed(&mut self, counted_properties: &CountedProperties, sign: i64) {
        for (counter, number) in counted_properties.counters_and_fields() {
            let numbers = self.0.entry(counter.clone()).or_default();
            *numbers.entry(number).or_default() += sign;
            numbers.retain(|_, change| *change != 0);
            if numbers.is_empty() {
                self.0.remove(&counter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BusinessId, SourceHash, State, StatusId};

    fn counted_properties(status: u64, businesses: &[u64]) -> CountedProperties {
        let status = StatusId::new(status).unwrap_or_else(|| unreachable!());
        let businesses = businesses.iter().filter_map(|id| BusinessId::new(*id)).collect();
        CountedProperties {
            cell: ArchivedStateStatus { archived: false, state: State::Active, status },
            group: LeadGroup { businesses, source: SourceHash::of("Referral") },
            day: Date::constant(2026, 1, 31),
        }
    }

    #[test]
    fn counter_fields_and_references_parse_as_they_are_written() {
        let business = BusinessId::new(70).unwrap_or_else(|| unreachable!());
        for cell in StatusId::new(12).into_iter().flat_map(ArchivedStateStatus::all_with_status) {
            for number in [CounterField::Leads(cell), CounterField::OfBusiness(cell, business)] {
                assert_eq!(number.to_string().parse(), Ok(number));
            }
        }
        for number in [CounterField::Business(business), CounterField::Unassigned] {
            assert_eq!(number.to_string().parse(), Ok(number));
        }
        for bad in ["", "L", "LA", "LA0", "ZA1", "é1", "B", "LA1B", "LA1B0", "PK", "SK", "closed"] {
            assert!(bad.parse::<CounterField>().is_err(), "{bad:?}");
        }
        for text in ["S5", "B7"] {
            assert_eq!(StatusOrBusiness::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_lead_counts_once_in_each_of_its_counters() {
        let mut deltas = CounterDeltas::default();
        deltas.add_lead(&counted_properties(1, &[1, 2, 40]));
        assert_eq!(deltas.len(), 6, "all, source, day, group, and two for three businesses");
        let sum = |numbers: &CounterValues| {
            numbers.iter().filter(|(number, _)| matches!(number, CounterField::Leads(_))).count()
        };
        assert!(deltas.iter().all(|(counter, n)| sum(n) == usize::from(!matches!(counter, CounterKey::Businesses(_)))));
        deltas.remove_lead(&counted_properties(1, &[1, 2, 40]));
        assert_eq!((deltas.is_empty(), deltas.len()), (true, 0));
    }

    #[test]
    fn deltas_report_the_references_that_leads_gain() {
        let mut deltas = CounterDeltas::default();
        deltas.move_lead(&counted_properties(1, &[1, 2]), &counted_properties(2, &[2, 3]));
        let gates = deltas.iter().filter(|(counter, _)| matches!(counter, CounterKey::All | CounterKey::Businesses(_)));
        let gained: BTreeSet<String> =
            gates.flat_map(|(_, n)| CounterDeltas::gained_references(n)).map(String::from).collect();
        assert_eq!(gained, BTreeSet::from(["S2".to_owned(), "B3".to_owned()]));
        // The counter of all leads is part of the write even if none of its numbers change.
        let mut moved = CounterDeltas::default();
        moved.move_lead(&counted_properties(1, &[1]), &counted_properties(1, &[2]));
        assert_eq!((moved.iter().count(), moved.len()), (4, 5));
    }
}
