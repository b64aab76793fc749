//! What the three endpoints are asked alike: `startDate`, `endDate`, `business`.

use jiff::civil::Date;
use shared::error::Error;
use shared::model::{BusinessId, FieldError, Period, QueryFields, QueryInput, Timestamp};

pub(crate) struct Dates {
    start: Option<Date>,
    end: Option<Date>,
    /// Any of these; everything when empty.
    pub(crate) business: Vec<BusinessId>,
}

impl Dates {
    pub(crate) fn of(query: &mut QueryFields) -> Self {
        let start = query.day("startDate");
        Self { start, end: query.day("endDate"), business: query.ids("business") }
    }

    /// The days that are asked for; what is not given is 30 days, or until today.
    pub(crate) fn period(&self, now: Timestamp) -> Result<Period, Error> {
        let today = now.day();
        let period = match (self.start, self.end) {
            (None, end) => Some(Period::last_30_days(end.unwrap_or(today))),
            (Some(start), end) => Period::between(start, end.unwrap_or(today)),
        };
        let too_long = || vec![FieldError::new("startDate", "must be at most 5 years and a day from endDate")];
        period.ok_or_else(|| Error::invalid("Invalid query", too_long()))
    }
}

impl QueryInput for Dates {
    fn read(query: &mut QueryFields) -> Option<Self> {
        Some(Self::of(query))
    }
}

/// The days of a period and of the one that it is compared with.
pub(crate) fn with_before(period: Period) -> Period {
    Period { first: period.before().first, last: period.last }
}
