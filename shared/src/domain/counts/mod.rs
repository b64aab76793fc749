//! Exact counts of leads without a scan. A write of a lead adds to a few counters, and the count for any filter is a
//! sum of numbers in counters.
//!
//! A counter ([`CounterKey`]) counts the leads that have something in common: all leads, or the leads of one source,
//! business or day. A counter has a separate number for each combination of archived flag, state and status
//! ([`ArchivedStateStatus`]). The count for several businesses, for a business and a source, or for either of them and
//! days is a sum over groups: leads with the same businesses, source and day.
//!
//! Each counter is stored as a few copies, and a write adds to one of them. When a day is over,
//! `store/counters/rollup.rs` merges the copies that belong to the day.

pub(super) mod creation;
pub(super) mod period;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::NamedEnum as _;
use super::lead::caseless_hash;
use super::{BusinessId, Lead, LeadFilter, State, StatusId};

/// Number of copies of each counter. A write adds to a random copy, so that concurrent writes of one team rarely
/// conflict on one item.
pub const COUNTER_SHARDS: u64 = 8;

/// Number of businesses that share one counter. With four statuses, the counter's item stays below 1 KB, the size that
/// one write unit covers.
const BUSINESSES_PER_COUNTER: u64 = 8;
/// Number of counters for businesses. Each counter covers eight consecutive ids; from id 512 on, ids share the counters
/// of lower ids.
const BUSINESS_COUNTERS: u64 = 64;

/// Hash of a lead's source after case folding. Keys of counters and index entries contain this hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceHash(String);

impl SourceHash {
    /// The hash of a source, equal for sources that differ only in case or Unicode form. `None` for an empty source.
    pub fn of(source: &str) -> Option<Self> {
        (!source.is_empty()).then(|| Self(caseless_hash(source)))
    }

    /// Wraps the text of a hash that was read from a key.
    pub fn from_key_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The hash as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A combination of archived flag, state and status. A counter counts the leads of each combination separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchivedStateStatus {
    /// Whether the leads are archived.
    pub archived: bool,
    /// State of the leads.
    pub state: State,
    /// Status of the leads.
    pub status: StatusId,
}

impl ArchivedStateStatus {
    /// The four cells of a status: live or archived, active or inactive.
    pub fn all_of_status(status: StatusId) -> impl Iterator<Item = Self> {
        let states = move |archived| State::all().iter().map(move |state| Self { archived, state: *state, status });
        [false, true].into_iter().flat_map(states)
    }
}

/// Attribute name of a cell's number, for example `LA1` (live, active, status 1) or `XI2` (archived, inactive, status
/// 2).
impl fmt::Display for ArchivedStateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let archived = if self.archived { 'X' } else { 'L' };
        let state = match self.state {
            State::Active => 'A',
            State::Inactive => 'I',
        };
        write!(f, "{archived}{state}{}", self.status)
    }
}

impl FromStr for ArchivedStateStatus {
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
pub enum StatusOrBusiness {
    /// A status, written `S1`.
    Status(StatusId),
    /// A business, written `B1`.
    Business(BusinessId),
}

impl fmt::Display for StatusOrBusiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(id) => write!(f, "S{id}"),
            Self::Business(id) => write!(f, "B{id}"),
        }
    }
}

impl From<StatusOrBusiness> for String {
    fn from(reference: StatusOrBusiness) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for StatusOrBusiness {
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

/// Name of the attribute that holds one number of a counter. The name says which leads the number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterField {
    /// Number of leads in a [`ArchivedStateStatus`], for example `LA1`.
    Leads(ArchivedStateStatus),
    /// Number of leads in a [`ArchivedStateStatus`] that belong to a business, for example `LA1B7`.
    OfBusiness(ArchivedStateStatus, BusinessId),
    /// Number of all leads of a business, for example `B7`.
    Business(BusinessId),
    /// Number of all leads without a business: `B0`.
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

/// The numbers of a counter by field, or the amounts to add to these numbers. A missing field is zero.
pub type CounterValues = BTreeMap<CounterField, i64>;

/// A group of leads: all leads that have the same businesses and the same source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeadGroup {
    /// Businesses of the group, in ascending order of id; may be empty.
    pub businesses: Vec<BusinessId>,
    /// Hash of the group's source. `None` for leads without a source.
    pub source: Option<SourceHash>,
}

/// Identifies a counter by the leads that the counter counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterKey {
    /// Counter of all leads. Its fields are [`CounterField::Leads`].
    All,
    /// Counter of the leads of one source. Its fields are [`CounterField::Leads`].
    Source(SourceHash),
    /// Counter that several businesses share, by the counter's number. Its fields are [`CounterField::OfBusiness`] and
    /// [`CounterField::Business`].
    Businesses(u64),
    /// Counter of the leads created on one day (UTC). Its fields are [`CounterField::Leads`],
    /// [`CounterField::Business`] and [`CounterField::Unassigned`].
    Day(Date),
    /// Counter of the leads of one [`LeadGroup`] created on one day (UTC). Its fields are [`CounterField::Leads`].
    Group(Date, LeadGroup),
}

impl CounterKey {
    /// The counter that counts the leads of a business.
    pub fn of_business(id: BusinessId) -> Self {
        Self::Businesses(id.get() / BUSINESSES_PER_COUNTER % BUSINESS_COUNTERS)
    }
}

/// Identifies one of the stored copies of a counter. A write adds to the copy for the day of the write, in a random
/// shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterCopyId {
    /// Day (UTC) of the writes that add to this copy. When the day is over, the copies of counters by day and by group
    /// are rolled up.
    pub generation: Date,
    /// Number of the copy, below [`COUNTER_SHARDS`].
    pub shard: u64,
}

impl CounterCopyId {
    /// A copy of a counter that exists once for all days: of all leads, of a source, or of businesses.
    pub fn without_generation(shard: u64) -> Self {
        Self { generation: Date::ZERO, shard }
    }
}

/// A number of leads, and the properties that these leads have in common. A property that the counter does not
/// distinguish is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadCount {
    /// Day on which the leads were created (UTC).
    pub day: Option<Date>,
    /// Businesses of the leads. For a counter of businesses, the one business that the number counts.
    pub businesses: Vec<BusinessId>,
    /// Source of the leads.
    pub source: Option<SourceHash>,
    /// Archived flag, state and status of the leads.
    pub cell: ArchivedStateStatus,
    /// Number of leads.
    pub leads: i64,
}

impl LeadCount {
    /// Converts one field of a counter to a count row. `None` for [`CounterField::Business`] and
    /// [`CounterField::Unassigned`], which do not distinguish archived flag, state and status.
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
    pub fn matches_filter(&self, filter: &LeadFilter) -> bool {
        filter.archived.is_none_or(|archived| archived == self.cell.archived)
            && filter.state.is_none_or(|state| state == self.cell.state)
            && (filter.status.is_empty() || filter.status.contains(&self.cell.status))
            && (filter.business.is_empty() || self.businesses.iter().any(|id| filter.business.contains(id)))
            && (filter.source.is_none() || filter.source == self.source)
            && filter.from.is_none_or(|from| self.day.is_some_and(|day| from <= day))
            && filter.to.is_none_or(|to| self.day.is_some_and(|day| day <= to))
    }
}

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
            day: lead.created_at.utc_day(),
        }
    }

    /// Every counter and field in which the lead is counted.
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
        for cell in StatusId::new(12).into_iter().flat_map(ArchivedStateStatus::all_of_status) {
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
