//! Numbers of created leads by day, for the dashboard. Archived leads are included.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::{BusinessId, CounterField, LeadCount, Period, StatusId};

/// Numbers of leads by day of creation.
#[derive(Clone, Debug, Default)]
pub struct CreationCounts {
    leads: Vec<LeadCount>,
    /// Number of leads of each business by day of creation. `None` stands for leads without a business.
    series: BTreeMap<(Option<BusinessId>, Date), i64>,
}

impl CreationCounts {
    /// Builds the counts from counters by day, for requests without a filter by business: a counter by day does not
    /// know which businesses one lead has together.
    pub fn from_day_counters(numbers: impl IntoIterator<Item = (Date, CounterField, i64)>) -> Self {
        let mut creations = Self::default();
        for (day, number, leads) in numbers {
            let business = match number {
                CounterField::Business(id) => Some(id),
                CounterField::Unassigned => None,
                CounterField::Leads(cell) => {
                    let row = LeadCount { day: Some(day), businesses: Vec::new(), source: None, cell, leads };
                    creations.leads.push(row);
                    continue;
                }
                CounterField::OfBusiness(..) => continue,
            };
            *creations.series.entry((business, day)).or_default() += leads;
        }
        creations
    }

    /// Builds the counts from count rows that have a day and businesses, for requests with a filter by business.
    pub fn from_group_rows(rows: Vec<LeadCount>) -> Self {
        let mut series: BTreeMap<_, i64> = BTreeMap::new();
        for (row, day) in rows.iter().filter_map(|row| Some((row, row.day?))) {
            for business in &row.businesses {
                *series.entry((Some(*business), day)).or_default() += row.leads;
            }
        }
        Self { leads: rows, series }
    }

    /// Number of leads created in a period. With `status`, only leads that have this status now. A lead of several
    /// businesses counts once.
    pub fn created_in(&self, period: Period, status: Option<StatusId>) -> i64 {
        let within = self.leads.iter().filter(|row| row.day.is_some_and(|day| period.contains_day(day)));
        let matching = within.filter(|row| status.is_none_or(|status| status == row.cell.status));
        matching.map(|row| row.leads).sum()
    }

    /// Number of leads of a business created on each day of a period, days with zero leads included. `None` stands for
    /// leads without a business.
    pub fn created_per_day(&self, period: Period, business: Option<BusinessId>) -> BTreeMap<Date, i64> {
        let of_day = |day| self.series.get(&(business, day)).copied().unwrap_or_default();
        period.days().map(|day| (day, of_day(day))).collect()
    }

    /// Number of leads created on each day of a period that have this status now, days with zero leads included.
    pub fn created_per_day_with_status(&self, period: Period, status: StatusId) -> BTreeMap<Date, i64> {
        let mut per_day: BTreeMap<Date, i64> = period.days().map(|day| (day, 0)).collect();
        let rows = self.leads.iter().filter(|row| row.cell.status == status);
        for (row, day) in rows.filter_map(|row| Some((row, row.day?))) {
            per_day.entry(day).and_modify(|leads| *leads += row.leads);
        }
        per_day
    }
}
