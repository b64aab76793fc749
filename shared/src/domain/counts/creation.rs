//! Numbers of created leads by day, for the dashboard. Archived leads count.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::{BusinessId, CountRow, CounterField, Period, StatusId};

/// Numbers of leads by day of creation.
#[derive(Clone, Debug, Default)]
pub struct CreationCounts {
    leads: Vec<CountRow>,
    /// Leads of a business on a day. `None` stands for leads without a business.
    series: BTreeMap<(Option<BusinessId>, Date), i64>,
}

impl CreationCounts {
    /// From counters by day. They cannot tell which businesses one lead has together.
    pub fn of_days(numbers: impl IntoIterator<Item = (Date, CounterField, i64)>) -> Self {
        let mut creations = Self::default();
        for (day, number, leads) in numbers {
            let business = match number {
                CounterField::Business(id) => Some(id),
                CounterField::Unassigned => None,
                CounterField::Leads(cell) => {
                    let row = CountRow { day: Some(day), businesses: Vec::new(), source: None, cell, leads };
                    creations.leads.push(row);
                    continue;
                }
                CounterField::OfBusiness(..) => continue,
            };
            *creations.series.entry((business, day)).or_default() += leads;
        }
        creations
    }

    /// From count rows with day and businesses.
    pub fn of_groups(rows: Vec<CountRow>) -> Self {
        let mut series: BTreeMap<_, i64> = BTreeMap::new();
        for (row, day) in rows.iter().filter_map(|row| Some((row, row.day?))) {
            for business in &row.businesses {
                *series.entry((Some(*business), day)).or_default() += row.leads;
            }
        }
        Self { leads: rows, series }
    }

    /// Number of distinct leads of a period, with a status that they have now if one is given.
    pub fn count(&self, period: Period, status: Option<StatusId>) -> i64 {
        let within = self.leads.iter().filter(|row| row.day.is_some_and(|day| period.contains(day)));
        let matching = within.filter(|row| status.is_none_or(|status| status == row.cell.status));
        matching.map(|row| row.leads).sum()
    }

    /// Leads of a business for each day of a period, zeros included. `None` stands for leads without a business.
    pub fn per_day(&self, period: Period, business: Option<BusinessId>) -> BTreeMap<Date, i64> {
        let of_day = |day| self.series.get(&(business, day)).copied().unwrap_or_default();
        period.days().map(|day| (day, of_day(day))).collect()
    }
}
