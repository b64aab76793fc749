//! Query parameters that the three dashboard endpoints share: `startDate`, `endDate`, `business`.

use jiff::civil::Date;
use shared::api::{DayParam, FromQuery, QueryReader};
use shared::domain::error::Error;
use shared::domain::{BusinessId, ErrorCode, FieldError, Period, Timestamp};

/// Query parameters that the three dashboard endpoints share.
#[derive(Debug)]
pub struct PeriodParams {
    start: Option<Date>,
    end: Option<Date>,
    /// Businesses by which the leads are filtered. Empty for no filter.
    pub(crate) business: Vec<BusinessId>,
}

impl PeriodParams {
    pub(crate) fn of(query: &mut impl QueryReader) -> Self {
        Self {
            start: query.read_single_value(
                "startDate",
                &DayParam("One end of the period, a day in UTC. By default 29 days before the other end."),
            ),
            end: query.read_single_value(
                "endDate",
                &DayParam("The other end of the period, a day in UTC. By default today."),
            ),
            business: query.read_id_list("business", "Only leads of one of these businesses."),
        }
    }

    /// The requested period, by default the last 30 days.
    ///
    /// # Errors
    /// 400 for a period longer than five years and a day.
    pub(crate) fn requested_period(&self, now: Timestamp) -> Result<Period, Error> {
        let today = now.as_utc_day();
        let period = match (self.start, self.end) {
            (None, end) => Some(Period::last_30_days(end.unwrap_or(today))),
            (Some(start), end) => Period::between_days(start, end.unwrap_or(today)),
        };
        let fault = || ErrorCode::OutOfRange.with_message("must be at most 5 years and a day from endDate");
        let too_long = || vec![FieldError::new("startDate", fault())];
        period.ok_or_else(|| Error::invalid_fields("Invalid query", too_long()))
    }
}

impl FromQuery for PeriodParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self::of(query))
    }
}

/// Extends a period back so that it includes the previous period, with which the dashboard compares it.
pub(crate) fn extend_to_previous(period: Period) -> Period {
    Period { first: period.previous_period().first, last: period.last }
}
