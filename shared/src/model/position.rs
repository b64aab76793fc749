//! Where an entry stands in a list: by creation, then by id.

use serde::{Deserialize, Serialize};

use super::{CommentId, LogId, Timestamp};

/// The last millisecond that a position can hold, in the year 2286.
const LAST: i64 = 9_999_999_999_999;

/// Greater than the id of any log entry, so that no comment has a log entry's sort position.
const AFTER_LOGS: u64 = LogId::MAX / 2 + 1;

/// Sorts as text in order of creation. Never changes once given, so that a cursor can be any position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// Milliseconds since 1970 (13 digits; whatever is later than the year 2286 is last), then the id (16 digits).
    pub fn new(at: Timestamp, id: u64) -> Self {
        Self(format!("{:013}-{id:016}", at.as_millisecond().clamp(0, LAST)))
    }

    /// A comment's: behind every log entry of the same moment, whatever their ids.
    pub fn of_comment(at: Timestamp, id: CommentId) -> Self {
        Self::new(at, AFTER_LOGS + id.get())
    }

    /// Before every position at or after `at`, after every earlier one.
    pub fn start_of(at: Timestamp) -> Self {
        Self::new(at, 0)
    }

    /// The text, as it stands in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `None` unless `text` is one that [`Position::new`] gives.
    pub fn parse(text: &str) -> Option<Self> {
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
            Position::start_of(at(999)),
            Position::new(at(999), 2),
            Position::new(at(999), 10),
            Position::new(at(1_700_000_000_000), 1),
            Position::start_of(at(LAST + 1)),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(sorted[3].as_str(), "1700000000000-0000000000000001");
        assert_eq!(Position::parse(sorted[3].as_str()).as_ref(), Some(&sorted[3]));
        assert_eq!(Position::parse("1700000000000-1"), None);
    }
}
