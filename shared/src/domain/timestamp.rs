//! Times with millisecond precision.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{TimestampArithmetic, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A time, written in RFC 3339 in UTC with three digits of fraction, so that it sorts as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "jiff::Timestamp")]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Converts milliseconds since 1970 to a time. Numbers out of range give the earliest or latest time.
    pub fn from_millisecond(millis: i64) -> Self {
        let nearest = if millis < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(nearest))
    }

    /// Milliseconds since 1970.
    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds since 1970. 0 for earlier times.
    pub fn as_second(self) -> u64 {
        u64::try_from(self.0.as_second()).unwrap_or(0)
    }

    /// The UTC day of this time.
    pub fn as_utc_day(self) -> Date {
        TimeZone::UTC.to_datetime(self.0).date()
    }

    /// Start of a day, UTC.
    pub fn start_of_utc_day(day: Date) -> Self {
        let begins = TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight()));
        Self(begins.unwrap_or(jiff::Timestamp::MAX))
    }

    /// Returns this time plus a duration. Sums out of range give the earliest or latest time.
    #[must_use]
    pub fn saturating_add(self, duration: impl Into<TimestampArithmetic>) -> Self {
        self.0.saturating_add(duration).map_or(self, Self)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self(
            at.round(jiff::TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor))
                .unwrap_or(at),
        )
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Self::from)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "UTC, always with three digits of fraction, so that times sort as text.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_three_digits_of_fraction() {
        for (read, written) in [
            ("2023-01-01T00:00:00Z", "2023-01-01T00:00:00.000Z"),
            ("2023-01-01T00:00:00.5Z", "2023-01-01T00:00:00.500Z"),
            ("2023-01-01T01:00:00.123999+01:00", "2023-01-01T00:00:00.123Z"),
        ] {
            assert_eq!(read.parse::<Timestamp>().map(|at| at.to_string()).as_deref().ok(), Some(written));
        }
        assert_eq!(serde_json::json!(Timestamp::from_millisecond(0)), "1970-01-01T00:00:00.000Z");
    }
}
