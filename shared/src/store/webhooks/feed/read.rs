//! Reading the feed.

use super::page::{FeedPage, MAX_PAGE_EVENTS, PageHead};
use crate::domain::error::Error;
use crate::domain::{EventFilter, FeedCursor, FeedEvent, TeamId};
use crate::platform::response_size::{MAX_RESPONSE_BYTES, json_escaped_len};
use crate::store::keys::KeyRange;
use crate::store::store_types::FeedStore;
use crate::store::{PageQuery, ReadConsistency, TableItem};

/// Maximum number of queries for one response, however few events match the filter.
const MAX_QUERIES: usize = 4;

/// The result of one read of the feed.
#[derive(Debug)]
pub struct FeedReadResult {
    /// The events that match, oldest first.
    pub events: Vec<FeedEvent>,
    /// Cursor at which the reader continues.
    pub next: FeedCursor,
    /// Whether there may be more events to read now.
    pub has_more: bool,
}

/// A read of the feed in progress, which collects matching events.
struct FeedReadInProgress<'f> {
    filter: &'f EventFilter,
    limit: usize,
    events: Vec<FeedEvent>,
    cursor: FeedCursor,
    bytes_left: usize,
}

impl FeedReadInProgress<'_> {
    /// Collects the matching events of a page, from the cursor on. Returns `false` if the limit is reached before the
    /// page's end.
    fn take_matching_events(&mut self, page: FeedPage) -> Result<bool, Error> {
        let next_page = page.head.next_event_number(page.first);
        for event in page.into_events().skip(usize::try_from(self.cursor.skip).unwrap_or(usize::MAX)) {
            let event = event?;
            if self.filter.matches_event(event.event_type, &event.author) {
                let size = json_escaped_len(event.json.get()) + 1;
                if size > self.bytes_left && !self.events.is_empty() {
                    return Ok(false);
                }
                self.bytes_left = self.bytes_left.saturating_sub(size);
                self.events.push(event);
            }
            self.cursor.skip += 1;
            if self.is_full() && self.cursor.page + self.cursor.skip != next_page {
                return Ok(false);
            }
        }
        self.cursor = FeedCursor { page: next_page, skip: 0 };
        Ok(true)
    }

    fn is_full(&self) -> bool {
        self.events.len() == self.limit
    }

    fn into_read_result(self, has_more: bool) -> FeedReadResult {
        FeedReadResult { events: self.events, next: self.cursor, has_more }
    }
}

impl FeedStore {
    /// Reads events from a reader's cursor on, at most `limit`, and limited in bytes. One round trip, up to four if few
    /// events match the filter.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn read_events(
        &self,
        team: &TeamId,
        cursor: FeedCursor,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<FeedReadResult, Error> {
        let mut reading =
            FeedReadInProgress { filter, limit, events: Vec::new(), cursor, bytes_left: MAX_RESPONSE_BYTES };
        let mut is_gap_confirmed = false;
        'queries: for _ in 0..MAX_QUERIES {
            let range = KeyRange::event_pages_from(team, reading.cursor.page);
            // If many events wait to be read, a page has several events, so that fewer pages than `limit` are needed.
            let pages =
                PageQuery { limit: Some(limit.div_ceil(4) + 1), ..PageQuery::of(&range, ReadConsistency::Strong) };
            let (items, last) = self.query_page(pages).await?;
            let mut items = items.into_iter().peekable();
            while let Some(item) = items.next() {
                let page = FeedPage::of(item)?;
                // A query is no snapshot: the page at the cursor may exist by now, so the query is sent once more. If
                // the page is still missing, it has expired.
                if page.first != reading.cursor.page {
                    if !is_gap_confirmed {
                        is_gap_confirmed = true;
                        continue 'queries;
                    }
                    reading.cursor = FeedCursor { page: page.first, skip: 0 };
                }
                is_gap_confirmed = false;
                let is_whole = reading.take_matching_events(page)?;
                if !is_whole || reading.is_full() {
                    return Ok(reading.into_read_result(!is_whole || items.peek().is_some() || last.is_some()));
                }
            }
            if last.is_none() {
                return Ok(reading.into_read_result(false));
            }
        }
        Ok(reading.into_read_result(true))
    }

    /// Returns the cursor after the last event of a team's feed. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn end_cursor(&self, team: &TeamId) -> Result<FeedCursor, Error> {
        let range = KeyRange::event_pages_from(team, 0);
        let page = PageQuery { descending: true, limit: Some(1), ..PageQuery::of(&range, ReadConsistency::Strong) };
        let (items, _) = self.query_page(page).await?;
        let last = items.into_iter().next().map(PageHead::of).transpose()?;
        let page = last.map_or(FeedCursor::START_OF_FEED.page, |(first, head)| head.next_event_number(first));
        Ok(FeedCursor { page, skip: 0 })
    }

    /// Reads the event with this number. `None` if there is no such event or it has expired. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn event(&self, team: &TeamId, number: u64) -> Result<Option<FeedEvent>, Error> {
        let range = KeyRange::event_pages_within(team, number.saturating_sub(MAX_PAGE_EVENTS as u64 - 1)..=number);
        let page = PageQuery { descending: true, limit: Some(1), ..PageQuery::of(&range, ReadConsistency::Strong) };
        let (items, _) = self.query_page(page).await?;
        let Some(item) = items.into_iter().next() else { return Ok(None) };
        decode_event(item, number)
    }
}

/// Decodes the event with this number from the item of a feed page. `None` if the event is not on this page.
pub(in crate::store) fn decode_event(item: TableItem, number: u64) -> Result<Option<FeedEvent>, Error> {
    let page = FeedPage::of(item)?;
    let Some(n) = number.checked_sub(page.first).and_then(|n| usize::try_from(n).ok()) else { return Ok(None) };
    page.into_events().nth(n).transpose()
}
