//! What the three endpoints are asked alike: `startDate`, `endDate`, `business`.

use jiff::civil::Date;
use shared::error::Error;
use shared::model::{BusinessId, Day, ErrorCode, FieldError, Period, Query, QueryInput, Timestamp};

/// What the three endpoints are asked alike.
#[derive(Debug)]
pub struct Dates {
    start: Option<Date>,
    end: Option<Date>,
    /// Any of these; everything when empty.
    pub(crate) business: Vec<BusinessId>,
}

impl Dates {
    pub(crate) fn of(query: &mut impl Query) -> Self {
        Self {
            start: query.one("startDate", &Day("One end of the days, UTC; 29 days before the other, unless given.")),
            end: query.one("endDate", &Day("The other end of the days, UTC; today, unless given.")),
            business: query.ids("business", "Leads of any of these businesses alone."),
        }
    }

    /// The days that are asked for; what is not given is 30 days, or until today.
    pub(crate) fn period(&self, now: Timestamp) -> Result<Period, Error> {
        let today = now.day();
        let period = match (self.start, self.end) {
            (None, end) => Some(Period::last_30_days(end.unwrap_or(today))),
            (Some(start), end) => Period::between(start, end.unwrap_or(today)),
        };
        let fault = || ErrorCode::OutOfRange.fault("must be at most 5 years and a day from endDate");
        let too_long = || vec![FieldError::new("startDate", fault())];
        period.ok_or_else(|| Error::invalid("Invalid query", too_long()))
    }
}

impl QueryInput for Dates {
    fn read(query: &mut impl Query) -> Option<Self> {
        Some(Self::of(query))
    }
}

/// The days of a period and of the one that it is compared with.
pub(crate) fn with_before(period: Period) -> Period {
    Period { first: period.before().first, last: period.last }
}
