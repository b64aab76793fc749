//! Exact counts without counting: every lead adds one to a few counters, and any filter's count is a sum of them.
//!
//! A counter is named by what its leads have in common ([`CountKey`]); inside it one cell holds the leads of one
//! ([`Cell`]) archived flag, state and status. So a filter is a range of counters and a choice of cells, no lead is
//! counted twice however many businesses it has, and no item grows with the number of leads or of their kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::lead::fingerprint;
use super::{BusinessId, Lead, LeadFilter, State, StatusId};

/// Copies of each counter, so that concurrent writes of one team rarely meet on one item. A lead counts in the same
/// as long as it lives. More may be added in a later release; fewer would leave counters that nobody looks at.
pub const SHARDS: u64 = 4;

/// A lead's source, folded and hashed: what stands in keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceHash(String);

impl SourceHash {
    /// `None` for an empty source. Case and normal form do not matter.
    pub fn of(source: &str) -> Option<Self> {
        (!source.is_empty()).then(|| Self(fingerprint(source)))
    }

    /// One that was read from a key.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One number inside a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Whether its leads are archived.
    pub archived: bool,
    /// The state of its leads.
    pub state: State,
    /// The status of its leads.
    pub status: StatusId,
}

impl Cell {
    /// Every cell of a status.
    pub fn all_of(status: StatusId) -> impl Iterator<Item = Self> {
        let states = move |archived| State::ALL.map(move |state| Self { archived, state, status });
        [false, true].into_iter().flat_map(states)
    }
}

/// `LA1`: live, active, status 1; `XI2`: archived, inactive, status 2.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let archived = if self.archived { 'X' } else { 'L' };
        let state = match self.state {
            State::Active => 'A',
            State::Inactive => 'I',
        };
        write!(f, "{archived}{state}{}", self.status)
    }
}

impl FromStr for Cell {
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

/// A status or business that leads refer to; also the name of the number of a business's leads in [`CountKey::All`].
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

/// Names a counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountKey {
    /// Every lead. Also counts each business's leads and holds the closed references.
    All {
        /// See [`SHARDS`].
        shard: u64,
    },
    /// Leads of one set of businesses, which is not empty.
    Set {
        /// In ascending order.
        businesses: Vec<BusinessId>,
        /// See [`SHARDS`].
        shard: u64,
    },
    /// Leads of one set of businesses, created on one day.
    Day {
        /// UTC.
        day: Date,
        /// In ascending order; may be empty.
        businesses: Vec<BusinessId>,
        /// See [`SHARDS`].
        shard: u64,
    },
    /// Leads of one source and one set of businesses, created on one day.
    Source {
        /// Never of the empty source.
        source: SourceHash,
        /// UTC.
        day: Date,
        /// In ascending order; may be empty.
        businesses: Vec<BusinessId>,
        /// See [`SHARDS`].
        shard: u64,
    },
}

impl CountKey {
    /// The set of businesses whose leads it counts; empty for [`CountKey::All`].
    pub fn businesses(&self) -> &[BusinessId] {
        match self {
            Self::All { .. } => &[],
            Self::Set { businesses, .. } | Self::Day { businesses, .. } | Self::Source { businesses, .. } => businesses,
        }
    }
}

/// A counter as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Which.
    pub key: CountKey,
    /// Its cells; one that is missing is zero.
    pub cells: BTreeMap<Cell, i64>,
}

impl Counter {
    /// How many of its leads match, given that its key is within the filter's range.
    pub fn matching(&self, filter: &LeadFilter) -> i64 {
        let of_business =
            filter.business.is_empty() || self.key.businesses().iter().any(|b| filter.business.contains(b));
        let matches = |cell: &Cell| {
            filter.archived.is_none_or(|archived| archived == cell.archived)
                && filter.state.is_none_or(|state| state == cell.state)
                && (filter.status.is_empty() || filter.status.contains(&cell.status))
        };
        if !of_business {
            return 0;
        }
        self.cells.iter().filter(|(cell, _)| matches(cell)).map(|(_, count)| count).sum()
    }
}

/// Everything that a lead is counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facets {
    cell: Cell,
    businesses: Vec<BusinessId>,
    source: Option<SourceHash>,
    day: Date,
    shard: u64,
}

impl Facets {
    pub(super) fn of(lead: &Lead) -> Self {
        Self {
            cell: Cell { archived: lead.archived, state: lead.state, status: lead.status_id },
            businesses: lead.business.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
            source: lead.derived.source.clone(),
            day: lead.created_at.day(),
            shard: lead.derived.shard,
        }
    }

    fn counters(&self) -> impl Iterator<Item = CountKey> {
        let (businesses, day, shard) = (&self.businesses, self.day, self.shard);
        let set = (!businesses.is_empty()).then(|| CountKey::Set { businesses: businesses.clone(), shard });
        let source = self.source.clone();
        let source = source.map(|source| CountKey::Source { source, day, businesses: businesses.clone(), shard });
        [CountKey::All { shard }, CountKey::Day { day, businesses: businesses.clone(), shard }]
            .into_iter()
            .chain(set)
            .chain(source)
    }
}

/// What one counter gains and loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Change of each cell; never zero.
    pub cells: BTreeMap<Cell, i64>,
    /// In [`CountKey::All`] alone: change of each business's number of leads; never zero.
    pub businesses: BTreeMap<BusinessId, i64>,
}

impl Delta {
    /// What leads were newly given here: each must still be open when the change commits.
    pub fn gained(&self) -> BTreeSet<Reference> {
        let mut statuses: BTreeMap<StatusId, i64> = BTreeMap::new();
        for (cell, change) in &self.cells {
            *statuses.entry(cell.status).or_default() += change;
        }
        let statuses = statuses.into_iter().filter(|(_, change)| *change > 0).map(|(id, _)| Reference::Status(id));
        let businesses = self.businesses.iter().filter(|(_, n)| **n > 0).map(|(id, _)| Reference::Business(*id));
        statuses.chain(businesses).collect()
    }
}

/// The changes that a write makes to the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deltas(BTreeMap<CountKey, Delta>);

impl Deltas {
    /// A lead is created.
    pub fn enter(&mut self, facets: &Facets) {
        self.add(facets, 1);
    }

    /// A lead is deleted.
    pub fn leave(&mut self, facets: &Facets) {
        self.add(facets, -1);
    }

    /// A lead changes; nothing when it is counted by the same.
    pub fn change(&mut self, before: &Facets, after: &Facets) {
        self.leave(before);
        self.enter(after);
    }

    /// How many counters change.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters and what changes in each.
    pub fn iter(&self) -> impl Iterator<Item = (&CountKey, &Delta)> {
        self.0.iter()
    }

    fn add(&mut self, facets: &Facets, sign: i64) {
        for key in facets.counters() {
            let all = matches!(key, CountKey::All { .. });
            let delta = self.0.entry(key.clone()).or_default();
            *delta.cells.entry(facets.cell).or_default() += sign;
            delta.cells.retain(|_, change| *change != 0);
            if all {
                for business in &facets.businesses {
                    *delta.businesses.entry(*business).or_default() += sign;
                }
                delta.businesses.retain(|_, change| *change != 0);
            }
            if delta.cells.is_empty() && delta.businesses.is_empty() {
                self.0.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facets(status: u64, businesses: &[u64], shard: u64) -> Facets {
        let status = StatusId::new(status).unwrap_or_else(|| unreachable!());
        Facets {
            cell: Cell { archived: false, state: State::Active, status },
            businesses: businesses.iter().filter_map(|id| BusinessId::new(*id)).collect(),
            source: SourceHash::of("Referral"),
            day: Date::constant(2026, 1, 31),
            shard,
        }
    }

    #[test]
    fn names_parse_back() {
        for cell in StatusId::new(12).into_iter().flat_map(Cell::all_of) {
            assert_eq!(cell.to_string().parse(), Ok(cell));
        }
        for bad in ["", "L", "LA", "LA0", "ZA1", "é1"] {
            assert!(bad.parse::<Cell>().is_err(), "{bad:?}");
        }
        for text in ["S5", "B7"] {
            assert_eq!(Reference::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_lead_counts_once_in_each_of_four_counters() {
        let mut deltas = Deltas::default();
        deltas.enter(&facets(1, &[1, 2], 3));
        assert_eq!(deltas.len(), 4);
        assert!(deltas.iter().all(|(_, delta)| delta.cells.values().sum::<i64>() == 1));
        deltas.leave(&facets(1, &[1, 2], 3));
        assert!(deltas.is_empty());
    }

    #[test]
    fn only_what_is_new_to_a_counter_must_be_open() {
        let mut deltas = Deltas::default();
        deltas.change(&facets(1, &[1, 2], 0), &facets(2, &[2, 3], 0));
        let gained: BTreeSet<String> = deltas.iter().flat_map(|(_, d)| d.gained()).map(String::from).collect();
        assert_eq!(gained, BTreeSet::from(["S2".to_owned(), "B3".to_owned()]));
    }
}
