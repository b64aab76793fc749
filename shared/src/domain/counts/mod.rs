//! Exact counts without scanning: every lead adds one to a few counters, and the count of any filter is a sum of their numbers.
//!
//! A counter ([`CounterKey`]) counts leads that have something in common: all leads, or those of a source, of a business or of a
//! day. Its numbers keep archived flag, state and status apart ([`StatusCell`]). Filters by several businesses, by a business and a
//! source, or by either and days are sums over groups: leads with the same businesses, source and day.
//!
//! A write adds to one of a few copies of each counter. `store/counters/rollup.rs` merges copies by day when their day is over.

pub(super) mod creation;
pub(super) mod period;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Named as _;
use super::lead::fingerprint;
use super::{BusinessId, Lead, LeadFilter, State, StatusId};

/// Number of copies of each counter, so that concurrent writes of one team rarely conflict on one item. A later release
/// may have more copies. With fewer, some stored copies would not be read.
pub const SHARDS: u64 = 8;

/// Number of businesses that share a counter's item. With four statuses the item stays below 1 KB, which one write unit
/// covers.
const BUSINESSES_AT_ONCE: u64 = 8;
/// Number of counters of businesses. Businesses whose ids are 512 or more apart may share one.
const BUSINESS_COUNTERS: u64 = 64;

/// Hash of a lead's source, folded, as it stands in keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceHash(String);

impl SourceHash {
    /// The hash of a source, whatever its case and Unicode form. `None` for an empty source.
    pub fn of(source: &str) -> Option<Self> {
        (!source.is_empty()).then(|| Self(fingerprint(source)))
    }

    /// A hash that was read from a key.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The hash as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Archived flag, state and status of leads. Each counter has a number for every combination of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCell {
    /// Whether the leads are archived.
    pub archived: bool,
    /// State of the leads.
    pub state: State,
    /// Status of the leads.
    pub status: StatusId,
}

impl StatusCell {
    /// The cells of a status: archived and not, active and inactive.
    pub fn all_of(status: StatusId) -> impl Iterator<Item = Self> {
        let states = move |archived| State::all().iter().map(move |state| Self { archived, state: *state, status });
        [false, true].into_iter().flat_map(states)
    }
}

/// `LA1`: live, active, status 1; `XI2`: archived, inactive, status 2.
impl fmt::Display for StatusCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let archived = if self.archived { 'X' } else { 'L' };
        let state = match self.state {
            State::Active => 'A',
            State::Inactive => 'I',
        };
        write!(f, "{archived}{state}{}", self.status)
    }
}

impl FromStr for StatusCell {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (flags, status) = text.split_at_checked(2).ok_or(())?;
        let (archived, state) = match flags {
            "LA" => (false, State::Active),
            "LI" => (false, State::Inactive),
            "XA" => (true, State::Active),
            "XI" => (true, State::Inactive),
            _ => return Err(()),
        };
        Ok(Self { archived, state, status: status.parse()? })
    }
}

/// A status or a business, which leads refer to by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Reference {
    /// `S1`
    Status(StatusId),
    /// `B1`
    Business(BusinessId),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(id) => write!(f, "S{id}"),
            Self::Business(id) => write!(f, "B{id}"),
        }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for Reference {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = match text.split_at_checked(1) {
            Some(("S", id)) => id.parse().map(Self::Status).ok(),
            Some(("B", id)) => id.parse().map(Self::Business).ok(),
            _ => None,
        };
        parsed.ok_or("not a reference")
    }
}

/// Name of a number in a counter's item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterField {
    /// Leads of a cell, for example `LA1`.
    Leads(StatusCell),
    /// Leads of a cell and a business, for example `LA1B7`.
    OfBusiness(StatusCell, BusinessId),
    /// All leads of a business, for example `B7`.
    Business(BusinessId),
    /// All leads without a business: `B0`.
    Unassigned,
}

impl fmt::Display for CounterField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads(cell) => cell.fmt(f),
            Self::OfBusiness(cell, business) => write!(f, "{cell}B{business}"),
            Self::Business(business) => write!(f, "B{business}"),
            Self::Unassigned => f.write_str("B0"),
        }
    }
}

impl FromStr for CounterField {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('B') {
            None => text.parse().map(Self::Leads),
            Some(("", "0")) => Ok(Self::Unassigned),
            Some(("", id)) => id.parse().map(Self::Business),
            Some((cell, id)) => Ok(Self::OfBusiness(cell.parse()?, id.parse()?)),
        }
    }
}

/// The fields of a counter with their numbers, or with changes of them. A missing field is zero.
pub type CounterFields = BTreeMap<CounterField, i64>;

/// A group of leads: those with the same businesses and the same source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// In ascending order; may be empty.
    pub businesses: Vec<BusinessId>,
    /// `None` for leads without a source.
    pub source: Option<SourceHash>,
}

/// The leads that a counter counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterKey {
    /// All leads, in [`CounterField::Leads`].
    All,
    /// Leads of a source, in [`CounterField::Leads`].
    Source(SourceHash),
    /// Leads of the businesses that share this counter, in [`CounterField::OfBusiness`] and [`CounterField::Business`].
    Businesses(u64),
    /// Leads created on a day (UTC), in [`CounterField::Leads`], [`CounterField::Business`] and [`CounterField::Unassigned`].
    Day(Date),
    /// Leads of a group created on a day, in [`CounterField::Leads`].
    Group(Date, Group),
}

impl CounterKey {
    /// The counter that counts the leads of a business.
    pub fn business(id: BusinessId) -> Self {
        Self::Businesses(id.get() / BUSINESSES_AT_ONCE % BUSINESS_COUNTERS)
    }
}

/// One copy of a counter. A write adds to the copy of its day and a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopyId {
    /// Day of the write. Copies of counters by day are rolled up when this day is over.
    pub generation: Date,
    /// Number of the copy, below [`SHARDS`].
    pub shard: u64,
}

impl CopyId {
    /// A copy of a counter that is not kept by day.
    pub fn undated(shard: u64) -> Self {
        Self { generation: Date::ZERO, shard }
    }
}

/// Number of leads that share these properties. A property by which the counter does not group is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRow {
    /// Day of creation.
    pub day: Option<Date>,
    /// Their businesses. A counter by business gives one of them.
    pub businesses: Vec<BusinessId>,
    /// Their source.
    pub source: Option<SourceHash>,
    /// Archived flag, state and status.
    pub cell: StatusCell,
    /// Number of leads.
    pub leads: i64,
}

impl CountRow {
    /// The row of one field of a counter. `None` for [`CounterField::Business`] and [`CounterField::Unassigned`], which
    /// no filter of leads uses.
    pub fn of(counter: &CounterKey, number: CounterField, leads: i64) -> Option<Self> {
        let (cell, business) = match number {
            CounterField::Leads(cell) => (cell, None),
            CounterField::OfBusiness(cell, business) => (cell, Some(business)),
            CounterField::Business(_) | CounterField::Unassigned => return None,
        };
        let (day, businesses, source) = match counter {
            CounterKey::All => (None, Vec::new(), None),
            CounterKey::Source(source) => (None, Vec::new(), Some(source.clone())),
            CounterKey::Businesses(_) => (None, business.into_iter().collect(), None),
            CounterKey::Day(day) => (Some(*day), Vec::new(), None),
            CounterKey::Group(day, group) => (Some(*day), group.businesses.clone(), group.source.clone()),
        };
        Some(Self { day, businesses, source, cell, leads })
    }

    /// Whether the leads of this row match the filter.
    pub fn matches(&self, filter: &LeadFilter) -> bool {
        filter.archived.is_none_or(|archived| archived == self.cell.archived)
            && filter.state.is_none_or(|state| state == self.cell.state)
            && (filter.status.is_empty() || filter.status.contains(&self.cell.status))
            && (filter.business.is_empty() || self.businesses.iter().any(|id| filter.business.contains(id)))
            && (filter.source.is_none() || filter.source == self.source)
            && filter.from.is_none_or(|from| self.day.is_some_and(|day| from <= day))
            && filter.to.is_none_or(|to| self.day.is_some_and(|day| day <= to))
    }
}

/// The properties by which a lead is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedProperties {
    cell: StatusCell,
    group: Group,
    day: Date,
}

impl CountedProperties {
    pub(super) fn of(lead: &Lead) -> Self {
        let businesses: BTreeSet<_> = lead.business.iter().copied().collect();
        Self {
            cell: StatusCell { archived: lead.archived, state: lead.state, status: lead.status_id },
            group: Group { businesses: businesses.into_iter().collect(), source: lead.derived.source.clone() },
            day: lead.created_at.day(),
        }
    }

    /// Every number that includes the lead.
    fn numbers(&self) -> Vec<(CounterKey, CounterField)> {
        let (cell, day) = (self.cell, CounterKey::Day(self.day));
        let mut numbers = vec![
            (CounterKey::All, CounterField::Leads(cell)),
            (day.clone(), CounterField::Leads(cell)),
            (CounterKey::Group(self.day, self.group.clone()), CounterField::Leads(cell)),
        ];
        numbers.extend(self.group.source.clone().map(|source| (CounterKey::Source(source), CounterField::Leads(cell))));
        for id in &self.group.businesses {
            numbers.push((day.clone(), CounterField::Business(*id)));
            numbers.push((CounterKey::business(*id), CounterField::Business(*id)));
            numbers.push((CounterKey::business(*id), CounterField::OfBusiness(cell, *id)));
        }
        if self.group.businesses.is_empty() {
            numbers.push((day, CounterField::Unassigned));
        }
        numbers
    }
}

/// Changes of counters by one write. Zeros are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deltas(BTreeMap<CounterKey, CounterFields>);

impl Deltas {
    /// Maximum number of counters that one change of a lead touches: all leads, its day, two sources, two groups, and
    /// each business that it had or has.
    pub const MAX_COUNTERS_PER_CHANGE: usize = 6 + 2 * Lead::MAX_BUSINESSES;

    /// Adds a new lead.
    pub fn add_lead(&mut self, counted_properties: &CountedProperties) {
        self.add(counted_properties, 1);
    }

    /// Removes a deleted lead.
    pub fn remove_lead(&mut self, counted_properties: &CountedProperties) {
        self.add(counted_properties, -1);
    }

    /// Moves a changed lead. No change if its counted properties are the same.
    pub fn change(&mut self, before: &CountedProperties, after: &CountedProperties) {
        self.remove_lead(before);
        self.add_lead(after);
    }

    /// Number of counters in the write. The counter of all leads is always one of them.
    pub fn len(&self) -> usize {
        self.0.len() + usize::from(!self.is_empty() && !self.0.contains_key(&CounterKey::All))
    }

    /// Whether no counter changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters, and the changes of each.
    pub fn iter(&self) -> impl Iterator<Item = (&CounterKey, &CounterFields)> {
        self.0.iter()
    }

    /// References that leads gain by these changes. They must not be retired when the transaction commits.
    pub fn gained(numbers: &CounterFields) -> BTreeSet<Reference> {
        let mut gained: BTreeMap<Reference, i64> = BTreeMap::new();
        for (number, change) in numbers {
            let reference = match number {
                CounterField::Leads(cell) => Reference::Status(cell.status),
                CounterField::Business(id) => Reference::Business(*id),
                CounterField::OfBusiness(..) | CounterField::Unassigned => continue,
            };
            *gained.entry(reference).or_default() += change;
        }
        gained.into_iter().filter(|(_, change)| *change > 0).map(|(reference, _)| reference).collect()
    }

    fn add(&mut self, counted_properties: &CountedProperties, sign: i64) {
        for (counter, number) in counted_properties.numbers() {
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

    fn counted_properties(status: u64, businesses: &[u64]) -> CountedProperties {
        let status = StatusId::new(status).unwrap_or_else(|| unreachable!());
        let businesses = businesses.iter().filter_map(|id| BusinessId::new(*id)).collect();
        CountedProperties {
            cell: StatusCell { archived: false, state: State::Active, status },
            group: Group { businesses, source: SourceHash::of("Referral") },
            day: Date::constant(2026, 1, 31),
        }
    }

    #[test]
    fn names_are_parsed_as_written() {
        let business = BusinessId::new(70).unwrap_or_else(|| unreachable!());
        for cell in StatusId::new(12).into_iter().flat_map(StatusCell::all_of) {
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
            assert_eq!(Reference::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_lead_counts_once_in_each_of_its_counters() {
        let mut deltas = Deltas::default();
        deltas.add_lead(&counted_properties(1, &[1, 2, 40]));
        assert_eq!(deltas.len(), 6, "all, source, day, group, and two for three businesses");
        let sum = |numbers: &CounterFields| {
            numbers.iter().filter(|(number, _)| matches!(number, CounterField::Leads(_))).count()
        };
        assert!(deltas.iter().all(|(counter, n)| sum(n) == usize::from(!matches!(counter, CounterKey::Businesses(_)))));
        deltas.remove_lead(&counted_properties(1, &[1, 2, 40]));
        assert_eq!((deltas.is_empty(), deltas.len()), (true, 0));
    }

    #[test]
    fn only_gained_references_must_not_be_retired() {
        let mut deltas = Deltas::default();
        deltas.change(&counted_properties(1, &[1, 2]), &counted_properties(2, &[2, 3]));
        let gates = deltas.iter().filter(|(counter, _)| matches!(counter, CounterKey::All | CounterKey::Businesses(_)));
        let gained: BTreeSet<String> = gates.flat_map(|(_, n)| Deltas::gained(n)).map(String::from).collect();
        assert_eq!(gained, BTreeSet::from(["S2".to_owned(), "B3".to_owned()]));
        // The counter of all leads is part of the write even if none of its numbers change.
        let mut moved = Deltas::default();
        moved.change(&counted_properties(1, &[1]), &counted_properties(1, &[2]));
        assert_eq!((moved.iter().count(), moved.len()), (4, 5));
    }
}
