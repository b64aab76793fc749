//! Numbers of leads that counters give.

use jiff::civil::Date;

use super::archived_state_status::ArchivedStateStatus;
use super::counter_field::CounterField;
use super::counter_key::CounterKey;
use super::source_hash::SourceHash;
use crate::domain::{BusinessId, LeadFilter};

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
