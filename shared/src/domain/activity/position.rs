//! Sort positions of list entries: by time of creation, then by id.

use serde::{Deserialize, Serialize};

use crate::domain::{CommentId, LogId, Timestamp};

/// Latest time that a position can hold, in milliseconds since 1970: the largest number of 13 digits, in the year 2286.
const MAX_POSITION_MILLIS: i64 = 9_999_999_999_999;

/// Added to the ids of comments, so that no comment has the position of a log entry.
const COMMENT_ID_OFFSET: u64 = LogId::MAX / 2 + 1;

/// Sort position of a list entry: time of creation in milliseconds since 1970, then the entry's id, for example
/// `1700000000000-0000000000000007`. Positions sort as text in order of creation. A position never changes, so that a
/// cursor can hold any position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SortPosition(String);

impl SortPosition {
    /// Builds a position: `at` in 13 digits of milliseconds, at least 1970 and at most in the year 2286, then `id` in
    /// 16 digits.
    pub fn new(at: Timestamp, id: u64) -> Self {
        Self(format!("{:013}-{id:016}", at.as_millisecond().clamp(0, MAX_POSITION_MILLIS)))
    }

    /// Position of a comment: after every log entry of the same millisecond.
    pub fn of_comment(at: Timestamp, id: CommentId) -> Self {
        Self::new(at, COMMENT_ID_OFFSET + id.get())
    }

    /// The earliest position at or after `at`.
    pub fn earliest_position_at(at: Timestamp) -> Self {
        Self::new(at, 0)
    }

    /// The position as text, as sort keys contain it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower bound of a range that starts after this position: a text that sorts after this position and before every
    /// later position.
    pub fn exclusive_lower_bound(&self) -> String {
        format!("{}-", self.0)
    }

    /// Upper bound of a range that ends before this position: a text that sorts before this position and after every
    /// earlier position.
    pub fn exclusive_upper_bound(&self) -> String {
        let (millis, id) = self.0.split_once('-').unwrap_or((&self.0, "0"));
        match id.parse::<u64>().ok().and_then(|id| id.checked_sub(1)) {
            Some(id) => format!("{millis}-{id:016}-"),
            None => format!("{:013}-~", millis.parse::<u64>().unwrap_or(0).saturating_sub(1)),
        }
    }

    /// Parses the text of a position that [`SortPosition::new`] built. `None` for other text.
    pub fn parse_position(text: &str) -> Option<Self> {
        let (millis, id) = text.split_once('-')?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        (digits(millis, 13) && digits(id, 16)).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_sort_by_time_then_id() {
        let at = Timestamp::from_millisecond;
        let sorted = [
            SortPosition::earliest_position_at(at(999)),
            SortPosition::new(at(999), 2),
            SortPosition::new(at(999), 10),
            SortPosition::new(at(1_700_000_000_000), 1),
            SortPosition::earliest_position_at(at(MAX_POSITION_MILLIS + 1)),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(sorted[3].as_str(), "1700000000000-0000000000000001");
        assert_eq!(SortPosition::parse_position(sorted[3].as_str()).as_ref(), Some(&sorted[3]));
        assert_eq!(SortPosition::parse_position("1700000000000-1"), None);
    }

    #[test]
    fn no_other_position_sorts_between_a_position_and_its_bounds() {
        let at = Timestamp::from_millisecond;
        let last_of_millisecond = SortPosition::new(at(999), u64::pow(10, 16) - 1);
        for (earlier, later) in [
            (SortPosition::new(at(999), 1), SortPosition::new(at(999), 2)),
            (SortPosition::new(at(999), 9), SortPosition::new(at(999), 10)),
            (last_of_millisecond, SortPosition::earliest_position_at(at(1000))),
        ] {
            let sorted =
                [earlier.as_str(), &earlier.exclusive_lower_bound(), later.as_str(), &later.exclusive_lower_bound()];
            assert!(sorted.is_sorted_by(|a, b| a < b), "{sorted:?}");
            let sorted =
                [&earlier.exclusive_upper_bound(), earlier.as_str(), &later.exclusive_upper_bound(), later.as_str()];
            assert!(sorted.is_sorted_by(|a, b| a < b), "{sorted:?}");
        }
    }
}
