//! Filter and order of a list of leads.

use jiff::civil::Date;

use crate::domain::{BusinessId, LeadSummary, SortPosition, SourceHash, State, StatusId, Timestamp};
use strum::{IntoStaticStr, VariantArray};

/// The order of a list of leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum LeadOrder {
    /// Newest first: `-createdAt`.
    #[default]
    #[strum(serialize = "-createdAt")]
    NewestFirst,
    /// Oldest first: `createdAt`.
    #[strum(serialize = "createdAt")]
    OldestFirst,
}

/// Filter of a list of leads. A lead must meet all conditions; an empty list or `None` is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Statuses, of which a lead must have one.
    pub status: Vec<StatusId>,
    /// Businesses, of which a lead must have at least one.
    pub business: Vec<BusinessId>,
    /// `true` for archived leads only, `false` for live leads only.
    pub archived: Option<bool>,
    /// State that a lead must have, see [`State`]. `None` for any state.
    pub state: Option<State>,
    /// Hash of the source that a lead must have. Case and Unicode form of the source do not matter.
    pub source: Option<SourceHash>,
    /// Earliest day of creation (UTC), included.
    pub from: Option<Date>,
    /// Latest day of creation (UTC), included.
    pub to: Option<Date>,
    /// Order of the list. It does not affect which leads match.
    pub order: LeadOrder,
}

impl LeadFilter {
    /// Sort position at the start of the range of days. `None` without a first day.
    pub fn first_position(&self) -> Option<SortPosition> {
        self.from.map(Timestamp::start_of_utc_day).map(SortPosition::earliest_position_at)
    }

    /// Sort position just after the end of the range of days. `None` without a last day.
    pub fn end_position(&self) -> Option<SortPosition> {
        self.to
            .and_then(|day| day.tomorrow().ok())
            .map(Timestamp::start_of_utc_day)
            .map(SortPosition::earliest_position_at)
    }

    /// Whether a lead meets the conditions on archived flag, state, status and business. Source and days are not
    /// checked, because callers have selected by them already.
    pub fn matches_except_source_and_days(&self, lead: &LeadSummary) -> bool {
        self.archived.is_none_or(|archived| archived == lead.archived)
            && self.state.is_none_or(|state| state == lead.state)
            && (self.status.is_empty() || self.status.contains(&lead.status_id))
            && (self.business.is_empty() || lead.business.iter().any(|b| self.business.contains(b)))
    }
}
