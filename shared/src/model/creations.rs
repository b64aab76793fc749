//! How many leads were created on which day, for the dashboard (spec section 7). Archived leads count: they were created.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{BusinessId, CountKey, Counter, LeadFilter, Period, StatusId};

/// The counters of some days.
#[derive(Clone, Debug)]
pub struct Creations(Vec<Counter>);

impl Creations {
    /// Of counters by day.
    pub fn new(counters: Vec<Counter>) -> Self {
        Self(counters)
    }

    fn within(&self, period: Period) -> impl Iterator<Item = (Date, &Counter)> {
        let days = self.0.iter().filter_map(|counter| match counter.key {
            CountKey::Day { day, .. } => Some((day, counter)),
            _ => None,
        });
        days.filter(move |(day, _)| period.holds(*day))
    }

    /// Distinct leads of a period, of any of the businesses (of any at all when none is given), of a status now.
    pub fn count(&self, period: Period, businesses: &[BusinessId], status: Option<StatusId>) -> i64 {
        let (business, status) = (businesses.to_vec(), status.into_iter().collect());
        let filter = LeadFilter { business, status, ..LeadFilter::default() };
        self.within(period).map(|(_, counter)| counter.matching(&filter)).sum()
    }

    /// A business's leads of each day of a period, days without any included; with `None`, leads without a business.
    pub fn per_day(&self, period: Period, business: Option<BusinessId>) -> BTreeMap<Date, i64> {
        let of = |businesses: &[BusinessId]| match business {
            Some(business) => businesses.contains(&business),
            None => businesses.is_empty(),
        };
        let mut days: BTreeMap<Date, i64> = period.days().map(|day| (day, 0)).collect();
        for (day, counter) in self.within(period).filter(|(_, counter)| of(counter.key.businesses())) {
            *days.entry(day).or_default() += counter.cells.values().sum::<i64>();
        }
        days
    }
}
