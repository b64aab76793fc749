//! Periods of the dashboard, and the periods that they are compared with.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// A period of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day, UTC.
    pub first: Date,
    /// The last day, UTC.
    pub last: Date,
}

impl Period {
    /// Maximum length of a period in years, to which one day is added.
    pub const MAX_YEARS: i16 = 5;

    /// The period between two days in either order. `None` if it is longer than five years and a day.
    pub fn between_days(one: Date, other: Date) -> Option<Self> {
        let (first, last) = (one.min(other), one.max(other));
        let end = first.checked_add(Self::MAX_YEARS.years()).ok()?;
        (last <= end).then_some(Self { first, last })
    }

    /// The 30 days that end with `last`.
    pub fn last_30_days(last: Date) -> Self {
        Self { first: last.saturating_sub(29.days()), last }
    }

    /// The period before this one, for comparison: the month before a whole calendar month, the year before a whole
    /// calendar year, otherwise as many days as this period has.
    pub fn previous_period(self) -> Self {
        let last = self.first.saturating_sub(1.days());
        let whole_month = self.first.day() == 1 && self.last == self.first.last_of_month();
        let whole_year = self.first == self.first.first_of_year() && self.last == self.first.last_of_year();
        let first = match (whole_year, whole_month) {
            (true, _) => last.first_of_year(),
            (_, true) => last.first_of_month(),
            _ => last.saturating_sub((self.length_in_days() - 1).days()),
        };
        Self { first, last }
    }

    /// Number of days in the period.
    pub fn length_in_days(self) -> i64 {
        1 + self.first.duration_until(self.last).as_hours() / 24
    }

    /// Every day of the period, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(1.days()).take_while(move |day| *day <= self.last)
    }

    /// Whether a day is in the period.
    pub fn contains_day(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// Change from `before` to `now` in percent, with two decimals. 100 if only `before` is zero, 0 if both are zero.
pub fn percentage_change(now: i64, before: i64) -> f64 {
    match (now, before) {
        (0, 0) => 0.0,
        (_, 0) => 100.0,
        #[expect(clippy::cast_precision_loss, reason = "numbers of leads are far below 2^53")]
        _ => ((now - before) as f64 / before as f64 * 10_000.0).round() / 100.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_day(text: &str) -> Date {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn the_previous_period_is_equally_long_or_a_whole_month_or_year() {
        for (first, last, before) in [
            ("2026-03-05", "2026-03-05", ("2026-03-04", "2026-03-04")),
            ("2026-03-05", "2026-03-14", ("2026-02-23", "2026-03-04")),
            ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
            ("2024-03-01", "2024-03-31", ("2024-02-01", "2024-02-29")),
            ("2026-03-01", "2026-03-30", ("2026-01-30", "2026-02-28")),
            ("2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31")),
            ("2024-02-29", "2024-02-29", ("2024-02-28", "2024-02-28")),
            ("2025-01-01", "2025-01-31", ("2024-12-01", "2024-12-31")),
        ] {
            let period = Period::between_days(parse_day(last), parse_day(first)).map(Period::previous_period);
            assert_eq!(period, Period::between_days(parse_day(before.0), parse_day(before.1)), "{first} to {last}");
        }
    }

    #[test]
    fn a_period_has_at_most_five_years_and_a_day() {
        assert!(Period::between_days(parse_day("2021-01-01"), parse_day("2026-01-01")).is_some());
        assert!(Period::between_days(parse_day("2021-01-01"), parse_day("2026-01-02")).is_none());
        let five = Period::between_days(parse_day("2020-01-01"), parse_day("2024-12-31"));
        assert_eq!(five.map(Period::length_in_days), Some(1827));
        assert_eq!(five.map(|period| period.days().count()), Some(1827));
        assert_eq!(Period::last_30_days(parse_day("2026-01-30")).length_in_days(), 30);
    }

    #[test]
    fn a_percentage_change_has_two_decimals_and_is_100_from_zero() {
        assert_eq!(percentage_change(0, 0), 0.0);
        assert_eq!(percentage_change(3, 0), 100.0);
        assert_eq!(percentage_change(0, 3), -100.0);
        assert_eq!(percentage_change(4, 3), 33.33);
        assert_eq!(percentage_change(2, 3), -33.33);
    }
}
