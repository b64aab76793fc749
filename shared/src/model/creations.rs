//! How many leads were created on which day, for the dashboard (spec section 7). Archived leads count: they were created.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{BusinessId, Number, Period, StatusId, Tally};

/// Leads by the days they were created on.
#[derive(Clone, Debug, Default)]
pub struct Creations {
    leads: Vec<Tally>,
    /// Leads of a business, or without any, of each day.
    series: BTreeMap<(Option<BusinessId>, Date), i64>,
}

impl Creations {
    /// Of the numbers of days, which do not tell what businesses a lead has together.
    pub fn of_days(numbers: impl IntoIterator<Item = (Date, Number, i64)>) -> Self {
        let mut creations = Self::default();
        for (day, number, leads) in numbers {
            let business = match number {
                Number::Business(id) => Some(id),
                Number::Unassigned => None,
                Number::Leads(cell) => {
                    let tally = Tally { day: Some(day), businesses: Vec::new(), source: None, cell, leads };
                    creations.leads.push(tally);
                    continue;
                }
                Number::OfBusiness(..) => continue,
            };
            *creations.series.entry((business, day)).or_default() += leads;
        }
        creations
    }

    /// Of tallies that tell day and businesses.
    pub fn of_groups(tallies: Vec<Tally>) -> Self {
        let mut series: BTreeMap<_, i64> = BTreeMap::new();
        for (tally, day) in tallies.iter().filter_map(|tally| Some((tally, tally.day?))) {
            for business in &tally.businesses {
                *series.entry((Some(*business), day)).or_default() += tally.leads;
            }
        }
        Self { leads: tallies, series }
    }

    /// Distinct leads of a period, of a status now.
    pub fn count(&self, period: Period, status: Option<StatusId>) -> i64 {
        let within = self.leads.iter().filter(|tally| tally.day.is_some_and(|day| period.holds(day)));
        let matching = within.filter(|tally| status.is_none_or(|status| status == tally.cell.status));
        matching.map(|tally| tally.leads).sum()
    }

    /// A business's leads of each day of a period, days without any included; with `None`, leads without a business.
    pub fn per_day(&self, period: Period, business: Option<BusinessId>) -> BTreeMap<Date, i64> {
        let of_day = |day| self.series.get(&(business, day)).copied().unwrap_or_default();
        period.days().map(|day| (day, of_day(day))).collect()
    }
}
