//! Filter and order of a list of leads.

use jiff::civil::Date;

use crate::domain::{BusinessId, LeadSummary, Position, SourceHash, State, StatusId, Timestamp};
use strum::{IntoStaticStr, VariantArray};

/// The order of a list of leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum Order {
    /// `-createdAt`
    #[default]
    #[strum(serialize = "-createdAt")]
    NewestFirst,
    /// `createdAt`
    #[strum(serialize = "createdAt")]
    OldestFirst,
}

/// Conditions that all must hold. An empty list or `None` is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Any of these.
    pub status: Vec<StatusId>,
    /// Any of these.
    pub business: Vec<BusinessId>,
    /// `true` for archived leads only, `false` for the others only.
    pub archived: Option<bool>,
    /// See [`State`].
    pub state: Option<State>,
    /// Hash of the source, whatever its case.
    pub source: Option<SourceHash>,
    /// First day of creation, UTC.
    pub from: Option<Date>,
    /// Last day of creation, UTC.
    pub to: Option<Date>,
    /// Order of the list. It does not affect which leads match.
    pub order: Order,
}

impl LeadFilter {
    /// First position in the range of days.
    pub fn first(&self) -> Option<Position> {
        self.from.map(Timestamp::midnight).map(Position::start_of)
    }

    /// Position just after the range of days.
    pub fn end(&self) -> Option<Position> {
        self.to.and_then(|day| day.tomorrow().ok()).map(Timestamp::midnight).map(Position::start_of)
    }

    /// Whether a lead belongs to the list. The source is not checked, because callers have selected by source already.
    pub fn matches(&self, lead: &LeadSummary) -> bool {
        self.archived.is_none_or(|archived| archived == lead.archived)
            && self.state.is_none_or(|state| state == lead.state)
            && (self.status.is_empty() || self.status.contains(&lead.status_id))
            && (self.business.is_empty() || lead.business.iter().any(|b| self.business.contains(b)))
    }
}
