//! Filter and order of a list of leads.

use jiff::civil::{Date, date};

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

/// A range of days that contains no day, for a filter that matches no lead.
const NO_DAYS: (Option<Date>, Option<Date>) = (Some(date(1970, 1, 2)), Some(date(1970, 1, 1)));

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

    /// The filter whose leads match both this filter and `further`, in the order of this filter. `None` if both name
    /// businesses and neither's are all among the other's: a filter cannot express that.
    pub fn narrowed_by(self, further: Self) -> Option<Self> {
        let business = match (self.business, further.business) {
            (ids, others) if others.is_empty() || !ids.is_empty() && is_subset(&ids, &others) => ids,
            (ids, others) if ids.is_empty() || is_subset(&others, &ids) => others,
            _ => return None,
        };
        let status = match (self.status, further.status) {
            (ids, others) if others.is_empty() => Some(ids),
            (ids, others) if ids.is_empty() => Some(others),
            (ids, others) => Some(ids.into_iter().filter(|id| others.contains(id)).collect::<Vec<_>>())
                .filter(|both| !both.is_empty()),
        };
        let agree = agree(&self.archived, &further.archived)
            && agree(&self.state, &further.state)
            && agree(&self.source, &further.source);
        let days = (self.from.max(further.from), self.to.into_iter().chain(further.to).min());
        let (from, to) = if agree && status.is_some() { days } else { NO_DAYS };
        Some(Self {
            status: status.unwrap_or_default(),
            business,
            archived: self.archived.or(further.archived),
            state: self.state.or(further.state),
            source: self.source.or(further.source),
            from,
            to,
            order: self.order,
        })
    }

    /// Whether a lead created at this position was created on one of the filter's days.
    pub fn includes_day_of(&self, position: &SortPosition) -> bool {
        self.first_position().is_none_or(|first| first <= *position)
            && self.end_position().is_none_or(|end| *position < end)
    }

    /// Whether the filter has a condition beyond `archived: false`, which most leads meet.
    pub fn is_selective(&self) -> bool {
        let live = Self { archived: Some(false), order: self.order, ..Self::default() };
        *self != live && *self != Self { archived: None, ..live }
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

fn is_subset<T: PartialEq>(some: &[T], all: &[T]) -> bool {
    some.iter().all(|one| all.contains(one))
}

/// Whether a value can meet two conditions, of which `None` is met by every value.
fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_business(ids: &[u64]) -> LeadFilter {
        let business = ids.iter().filter_map(|id| BusinessId::new(*id)).collect();
        LeadFilter { business, ..LeadFilter::default() }
    }

    fn of_status(ids: &[u64]) -> LeadFilter {
        let status = ids.iter().filter_map(|id| StatusId::new(*id)).collect();
        LeadFilter { status, ..LeadFilter::default() }
    }

    #[test]
    fn a_filter_narrowed_by_another_has_the_conditions_of_both() {
        let narrowed = |one: &LeadFilter, other: &LeadFilter| one.clone().narrowed_by(other.clone());
        for (one, other, expected) in [
            (of_business(&[1, 2]), of_business(&[]), Some(of_business(&[1, 2]))),
            (of_business(&[]), of_business(&[3]), Some(of_business(&[3]))),
            (of_business(&[1, 2]), of_business(&[2]), Some(of_business(&[2]))),
            (of_business(&[2]), of_business(&[1, 2]), Some(of_business(&[2]))),
            // A lead of the businesses 1 and 3 matches both filters, but not a filter by business 2.
            (of_business(&[1, 2]), of_business(&[2, 3]), None),
            (of_status(&[1, 2]), of_status(&[2, 3]), Some(of_status(&[2]))),
        ] {
            assert_eq!(narrowed(&one, &other), expected, "{one:?} and {other:?}");
        }
        let day = |day| Some(date(2026, 11, day));
        let november = LeadFilter { from: day(1), to: day(30), ..of_status(&[1]) };
        let week = LeadFilter { from: day(8), archived: Some(true), ..LeadFilter::default() };
        let both = LeadFilter { from: day(8), to: day(30), archived: Some(true), ..of_status(&[1]) };
        assert_eq!(narrowed(&november, &week), Some(both));
    }

    #[test]
    fn contradicting_conditions_match_no_lead() {
        let archived = |archived| LeadFilter { archived: Some(archived), ..LeadFilter::default() };
        for (one, other) in [(of_status(&[1]), of_status(&[2])), (archived(true), archived(false))] {
            let at = SortPosition::earliest_position_at(Timestamp::start_of_utc_day(date(2026, 11, 1)));
            let is_empty =
                |both: LeadFilter| !both.includes_day_of(&at) && both.first_position() >= both.end_position();
            assert!(one.narrowed_by(other).is_some_and(is_empty));
        }
    }
}
