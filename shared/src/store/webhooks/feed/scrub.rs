//! Removing the personal data of deleted leads from the feed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::MAX_CLOCK_SKEW;
use super::page::FeedPage;
use crate::domain::error::Error;
use crate::domain::{LeadId, TeamId, Timestamp};
use crate::platform::telemetry::LOG_TARGET;
use crate::store::condition::WriteCondition;
use crate::store::keys::attribute::feed_page::COMPRESSED_EVENTS;
use crate::store::keys::{ItemKey, KeyRange};
use crate::store::store_types::CleanupStore;
use crate::store::{PageQuery, ReadConsistency, Table};

/// Number of feed pages that one query reads for scrubbing. A page has some tens of kilobytes.
const PAGES_PER_SCRUB_QUERY: usize = 50;
/// Maximum number of tries to scrub a page that another run of the clean-up writes at the same time.
const MAX_SCRUB_TRIES: usize = 5;

impl CleanupStore {
    /// Removes the personal data of deleted leads from their events in the feed. `leads` has the time at which each
    /// lead was created: pages before the oldest lead are not read. Safe to repeat. Returns the number of events that
    /// changed.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Pages that were scrubbed stay scrubbed.
    pub async fn scrub_events(&self, team: &TeamId, leads: &BTreeMap<LeadId, Timestamp>) -> Result<usize, Error> {
        let Some(oldest) = leads.values().min() else { return Ok(0) };
        let range = KeyRange::event_pages_from(team, 0);
        let (mut after, mut scrubbed) = (None, 0);
        loop {
            let page = PageQuery {
                descending: true,
                after,
                limit: Some(PAGES_PER_SCRUB_QUERY),
                ..PageQuery::of(&range, ReadConsistency::Strong)
            };
            let (items, last) = self.query_page(page).await?;
            for item in items {
                let read = item.get(COMPRESSED_EVENTS).cloned();
                // A page that does not parse is skipped, so that the other pages are scrubbed.
                let page = match FeedPage::of(item) {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::error!(target: LOG_TARGET, %error, "a page of events is not scrubbed");
                        continue;
                    }
                };
                // This page and all earlier pages are older than all of the leads.
                if page.head.at < oldest.saturating_add(-MAX_CLOCK_SKEW) {
                    return Ok(scrubbed);
                }
                scrubbed += self.scrub_page(team, page, read, leads).await?;
            }
            after = last;
            if after.is_none() {
                return Ok(scrubbed);
            }
        }
    }
}

impl Table {
    /// Scrubs one page, whose stored events were `read`. The put is conditional on these being unchanged: another run
    /// may have scrubbed other leads of the page meanwhile, or TTL may have deleted the page. Returns the number of
    /// events that changed.
    async fn scrub_page(
        &self,
        team: &TeamId,
        mut page: FeedPage,
        mut read: Option<AttributeValue>,
        leads: &BTreeMap<LeadId, Timestamp>,
    ) -> Result<usize, Error> {
        let mut scrubbed = 0;
        for _ in 0..MAX_SCRUB_TRIES {
            let found = page.scrub(leads)?;
            scrubbed = scrubbed.max(found);
            let Some(events) = read.filter(|_| found > 0) else { return Ok(scrubbed) };
            let unchanged = WriteCondition::new("#events = :read")
                .with_name("#events", COMPRESSED_EVENTS)
                .with_value(":read", events);
            if self.put_if(page.to_page_item(team)?, unchanged).await? {
                return Ok(scrubbed);
            }
            let Some(item) = self.read_item(ItemKey::EventPage(page.first).of(team), ReadConsistency::Strong).await?
            else {
                return Ok(scrubbed);
            };
            read = item.get(COMPRESSED_EVENTS).cloned();
            page = FeedPage::of(item)?;
        }
        Err(Error::unavailable("a page of events is written by others all the time"))
    }
}
