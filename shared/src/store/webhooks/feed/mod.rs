//! The feed of a team's events: an append-only log of pages. A publisher appends a page with a put on condition that
//! the key is free. If another publisher was faster, it reads the new pages and tries again.

mod page;
mod read;
mod scrub;

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::page::{FeedPage, PageHead};
use crate::domain::error::Error;
use crate::domain::{
    Deletion, EventId, EventSourceItem, EventType, FeedCursor, FeedPosition, Lead, LeadId, LogEntry, OutboxEntry, Team,
    TeamId, Timestamp, Webhook,
};
use crate::platform::backoff::Backoff;
use crate::platform::telemetry::LOG_TARGET;
use crate::store::condition::WriteCondition;
use crate::store::keys::attribute::feed_page::{AT, EVENT_SOURCES};
use crate::store::keys::attribute::lead::DELETION;
use crate::store::keys::attribute::{PK, SK};
use crate::store::keys::{ItemKey, KeyRange, PrimaryKey, is_log, parse_lead_partition_item};
use crate::store::store_types::FeedStore;
use crate::store::teams::take_team;
use crate::store::{PageQuery, ReadConsistency, Table, TableItem, decode, encode_item, string_value};

pub use self::read::FeedReadResult;
pub(in crate::store) use self::read::decode_event;

/// How long events and deliveries are kept.
pub(in crate::store) const EVENT_RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// If the last page of a feed is older than this, the feed starts again at a new number instead of continuing after
/// that page, because earlier pages may have expired (see [`EVENT_RETENTION`]).
const MAX_FEED_END_AGE: SignedDuration = SignedDuration::from_hours(29 * 24);
/// Assumed maximum difference between clocks. DynamoDB gives the time of a write in whole seconds.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// Number of pages that the first query reads back from the end of the feed. If the pages are small, they fit one read
/// unit.
const FIRST_QUERY_PAGES: usize = 3;
/// Maximum number of pages that one query of the feed reads. Only the first query back from the end reads fewer:
/// [`FIRST_QUERY_PAGES`].
const MAX_PAGES_PER_QUERY: usize = 100;

/// Item that stores the number of the first event of a feed that is new, or whose events have all expired.
#[derive(Serialize, Deserialize)]
struct FeedStart {
    number: u64,
    at: Timestamp,
}

/// The end of a feed, as a publisher knows it: the next event number, and the sources of recent events. An old copy
/// stays valid, because pages never change their sources.
#[derive(Clone, Debug)]
pub struct FeedEnd {
    /// `known` has the source of every event that was published at or after this time.
    since: Timestamp,
    next: u64,
    at: Timestamp,
    known: HashMap<EventSourceItem, FeedPosition>,
}

/// Builds the JSON of an event from its outbox entry and from the lead, as it is after the change or later. Without a
/// lead, the JSON holds no personal data.
pub trait EventJson: Fn(&OutboxEntry, EventId, Option<&Lead>, &Team) -> Result<Box<RawValue>, Error> + Sync {}

impl<F: Fn(&OutboxEntry, EventId, Option<&Lead>, &Team) -> Result<Box<RawValue>, Error> + Sync> EventJson for F {}

/// Published events, and the team's webhooks, which may subscribe to them.
#[derive(Debug)]
pub struct PublishedEvents {
    /// The events, with their positions.
    pub events: Vec<(FeedPosition, EventType)>,
    /// All webhooks of the team.
    pub webhooks: Vec<Webhook>,
    /// The end of the feed after this call, for the next call.
    pub end: FeedEnd,
}

/// Parses the team and the outbox entry from the item of a stream record: a log entry or a tombstone.
///
/// # Errors
/// 500 for any other item, and for an item that does not parse.
pub fn parse_outbox_entry(item: TableItem) -> Result<(TeamId, OutboxEntry), Error> {
    let (team, lead, is_lead) =
        parse_lead_partition_item(&item).ok_or_else(|| Error::internal("an item is no entry of the outbox"))?;
    if is_lead {
        let deletion = item.get(DELETION).cloned().ok_or_else(|| Error::internal("a tombstone has no deletion"))?;
        let deletion: Deletion = serde_dynamo::from_attribute_value(deletion)
            .map_err(|_| Error::internal("the deletion of a tombstone does not parse"))?;
        return Ok((team, OutboxEntry::from_tombstone(decode::<Lead>(item)?, deletion)));
    }
    if !PrimaryKey::of(&item).as_ref().is_some_and(is_log) {
        return Err(Error::internal("an item is no entry of the outbox"));
    }
    Ok((team, OutboxEntry::from_log_entry(lead, decode::<LogEntry>(item)?)))
}

impl FeedStore {
    /// Publishes the events of outbox entries in their order, each exactly once, even if called repeatedly. `written`
    /// has the times of the oldest and the newest entry by DynamoDB's clock. Two round trips.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Some of the events may be published by then.
    pub async fn publish(
        &self,
        team: &TeamId,
        entries: &[OutboxEntry],
        written: (Timestamp, Timestamp),
        now: Timestamp,
        end: Option<FeedEnd>,
        event_json: impl EventJson,
    ) -> Result<PublishedEvents, Error> {
        let (since, known_at) = (written.0, now.max(written.1));
        // DynamoDB's clock sets the time of a write, and the publisher's clock the time of a page.
        let since = since.saturating_add(-MAX_CLOCK_SKEW);
        let range = KeyRange::webhooks_of_team(team);
        let webhooks = self.query_all(&range, ReadConsistency::Strong);
        let (webhooks, (names, leads), mut end) = tokio::try_join!(
            webhooks,
            self.read_leads_of_entries(team, entries),
            self.read_feed_end(team, since, now, end)
        )?;
        let mut backoff = Backoff::default();
        while let Some(page) = FeedPage::build_next_page(team, entries, &end, &names, &leads, known_at, &event_json)? {
            if self.put_if(page.to_page_item(team)?, WriteCondition::item_absent()).await? {
                end.add_page(page.first, &page.head);
                continue;
            }
            // Another publisher was faster, or this publisher's put succeeded and its response was lost.
            backoff.pause_before_retry().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
            end = self.read_feed_end(team, since, now, Some(end)).await?;
        }
        let position = |entry: &OutboxEntry| Some((*end.known.get(&entry.source)?, entry.event_type));
        let events = entries.iter().filter_map(position).collect();
        end.drop_sources_before(since);
        Ok(PublishedEvents { events, webhooks: webhooks.into_iter().filter_map(parse_webhook_or_skip).collect(), end })
    }
}

impl Table {
    /// Reads the team and the leads that outbox entries belong to. For a deleted lead, its tombstone is read.
    async fn read_leads_of_entries(
        &self,
        team: &TeamId,
        entries: &[OutboxEntry],
    ) -> Result<(Team, HashMap<LeadId, Lead>), Error> {
        let leads: BTreeSet<LeadId> = entries.iter().map(|entry| entry.lead).collect();
        let keys = leads.iter().map(|id| ItemKey::Lead(*id).of(team)).chain([ItemKey::Team.of(team)]).collect();
        let mut items = self.get_items(keys, ReadConsistency::Strong).await?;
        let names = take_team(&mut items, team)?;
        let leads = items.into_values().map(|item| decode::<Lead>(item).map(|lead| (lead.id, lead)));
        Ok((names, leads.collect::<Result<_, Error>>()?))
    }

    /// Reads the end of the feed: the next number, and the sources of events that were published at or after `since`.
    async fn read_feed_end(
        &self,
        team: &TeamId,
        since: Timestamp,
        now: Timestamp,
        before: Option<FeedEnd>,
    ) -> Result<FeedEnd, Error> {
        let end = match before {
            Some(before) if before.since <= since => Some(self.read_feed_after(team, before).await?),
            _ => self.read_feed_back_to(team, since).await?,
        };
        // An old end is not trusted: TTL deletes items in no particular order, so that pages after the last remaining one
        // may have existed.
        match end.filter(|end| now < end.at.saturating_add(MAX_FEED_END_AGE)) {
            Some(end) => Ok(end),
            None => {
                Ok(FeedEnd { since, next: self.claim_feed_start(team, now).await?, at: now, known: HashMap::new() })
            }
        }
    }

    /// Reads the pages after a known end of the feed.
    async fn read_feed_after(&self, team: &TeamId, mut end: FeedEnd) -> Result<FeedEnd, Error> {
        let range = KeyRange::event_pages_from(team, end.next);
        let mut after = None;
        loop {
            let page = PageQuery { after, limit: Some(MAX_PAGES_PER_QUERY), ..PageQuery::of_page_heads(&range) };
            let (items, last) = self.query_page(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                // A query is no snapshot. A later page exists, so the missing page exists by now, and the conditional
                // put will fail on it.
                if first != end.next {
                    return Ok(end);
                }
                end.add_page(first, &head);
            }
            after = last;
            if after.is_none() {
                return Ok(end);
            }
        }
    }

    /// Reads pages from the end of the feed back to the first one that was published before `since`. `None` if the feed
    /// is empty.
    async fn read_feed_back_to(&self, team: &TeamId, since: Timestamp) -> Result<Option<FeedEnd>, Error> {
        let range = KeyRange::event_pages_from(team, 0);
        let mut end: Option<FeedEnd> = None;
        let (mut after, mut limit) = (None, FIRST_QUERY_PAGES);
        loop {
            let page = PageQuery { descending: true, after, limit: Some(limit), ..PageQuery::of_page_heads(&range) };
            let (items, last) = self.query_page(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                let next = head.next_event_number(first);
                let known = end.get_or_insert_with(|| FeedEnd { since, next, at: head.at, known: HashMap::new() });
                if head.at < since {
                    return Ok(end);
                }
                known.add_sources(first, &head);
            }
            (after, limit) = (last, MAX_PAGES_PER_QUERY);
            if after.is_none() {
                return Ok(end);
            }
        }
    }

    /// Returns the number of the first event of an empty feed, and stores it if the feed is new or expired. Concurrent
    /// publishers get the same number, and no number is used twice.
    async fn claim_feed_start(&self, team: &TeamId, now: Timestamp) -> Result<u64, Error> {
        let key = ItemKey::FeedStart.of(team);
        let mut backoff = Backoff::default();
        loop {
            let there: Option<FeedStart> =
                self.read_item(key.clone(), ReadConsistency::Strong).await?.map(decode).transpose()?;
            let start = match &there {
                Some(start) if now < start.at.saturating_add(MAX_FEED_END_AGE) => return Ok(start.number),
                // Numbers from the time in microseconds are above all earlier ones: no team publishes more than one
                // event per microsecond.
                Some(_) => FeedStart { number: now.as_millisecond().unsigned_abs() * 1000, at: now },
                None => FeedStart { number: FeedCursor::START_OF_FEED.page, at: now },
            };
            let unchanged = there.map_or_else(WriteCondition::item_absent, |there| {
                WriteCondition::new("#at = :at")
                    .with_name("#at", AT)
                    .with_value(":at", string_value(&there.at.to_string()))
            });
            if self.put_if(encode_item(key.clone(), &start)?, unchanged).await? {
                return Ok(start.number);
            }
            backoff.pause_before_retry().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
        }
    }
}

impl<'a> PageQuery<'a> {
    /// A query for pages without their events.
    fn of_page_heads(range: &'a KeyRange) -> Self {
        Self { projection: &[PK, SK, AT, EVENT_SOURCES], ..Self::of(range, ReadConsistency::Strong) }
    }
}

/// A webhook that does not parse is skipped, so that the others are notified.
fn parse_webhook_or_skip(item: TableItem) -> Option<Webhook> {
    let webhook = decode(item);
    webhook.inspect_err(|error: &Error| tracing::error!(target: LOG_TARGET, %error, "a webhook is passed over")).ok()
}

impl FeedEnd {
    /// Adds the page that follows the known end.
    fn add_page(&mut self, first: u64, head: &PageHead) {
        self.add_sources(first, head);
        (self.next, self.at) = (head.next_event_number(first), head.at);
    }

    fn add_sources(&mut self, first: u64, head: &PageHead) {
        let position = |n| FeedPosition { page: first, number: first + n, at: head.at };
        self.known.extend(head.sources.iter().copied().zip((0..).map(position)));
    }

    /// Drops the sources of events that were published before `since`. Stream records come in the order of their
    /// writes, so that no later call searches for them.
    fn drop_sources_before(&mut self, since: Timestamp) {
        self.since = self.since.max(since);
        self.known.retain(|_, position| position.at >= since);
    }
}
