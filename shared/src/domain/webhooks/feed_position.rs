//! Positions of events and readers in the feed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event::EventType;
use crate::domain::{Author, SortPosition, Timestamp};

/// Position of an event in the feed, and the time at which it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedPosition {
    /// Number of the first event on the event's page.
    pub page: u64,
    /// Number of the event.
    pub number: u64,
    /// When the event was published to the feed.
    pub at: Timestamp,
}

impl FeedPosition {
    /// Sort position of the event's delivery in a webhook's list of deliveries.
    pub fn sort_position(&self) -> SortPosition {
        SortPosition::new(self.at, self.number)
    }
}

/// Position of a reader in the feed: the next event to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCursor {
    /// Number of the first event on the page to read. At the end of the feed, the number of the event that comes next.
    pub page: u64,
    /// Number of events on this page that the reader has read already.
    pub skip: u64,
}

impl FeedCursor {
    /// The start of the feed.
    pub const START_OF_FEED: Self = Self { page: 1, skip: 0 };

    /// Converts to the [`SortPosition`] that an API cursor encodes.
    pub fn to_sort_position(self) -> SortPosition {
        SortPosition::new(Timestamp::from_millisecond(i64::try_from(self.skip).unwrap_or(i64::MAX)), self.page)
    }

    /// Inverse of [`FeedCursor::to_sort_position`]: reads the cursor from a position. `None` for a position that is not a
    /// feed cursor's.
    pub fn from_sort_position(position: &SortPosition) -> Option<Self> {
        let (skip, page) = position.as_str().split_once('-')?;
        Some(Self { page: page.parse().ok()?, skip: skip.parse().ok()? })
    }
}

/// An event of the feed. Its JSON stays the same, byte for byte, until the lead is deleted.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    /// Position in the feed.
    pub position: FeedPosition,
    /// Type of the event.
    pub event_type: EventType,
    /// Author of the change: the user, and the API key or form that acted in the user's name.
    pub author: Author,
    /// The event as JSON.
    pub json: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_cursor_round_trips_through_a_position() {
        let cursor = FeedCursor { page: 1_795_347_279_286_234, skip: 24 };
        assert_eq!(FeedCursor::from_sort_position(&cursor.to_sort_position()), Some(cursor));
    }
}
