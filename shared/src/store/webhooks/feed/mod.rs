//! The feed of a team's events: a log that grows only at its end. A publisher appends a page of events with a put that
//! is conditional on an empty place. Of several concurrent publishers one wins, and the others read on and try again.
//! The order is therefore the one in which readers see the events. A publisher that searched back to the earliest time
//! at which an event could have been published, and then wins the put, knows that the event is not a duplicate.

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
    Deletion, EventId, EventSource, EventType, FeedCursor, FeedPosition, Lead, LeadId, LogEntry, OutboxEntry, Team,
    TeamId, Timestamp, Webhook,
};
use crate::platform::backoff::Backoff;
use crate::platform::telemetry::LOG_TARGET;
use crate::store::condition::Condition;
use crate::store::groups::FeedStore;
use crate::store::keys::attribute::feed_page::{AT, SOURCES};
use crate::store::keys::attribute::lead::DELETION;
use crate::store::keys::attribute::{PK, SK};
use crate::store::keys::{Key, PrimaryKey, Range, is_log, lead_of};
use crate::store::teams::take_team;
use crate::store::{Consistency, Item, Query, Table, decode, encode, text};

pub use self::read::FeedAnswer;
pub(in crate::store) use self::read::event_of;

/// How long events and deliveries are kept.
pub(in crate::store) const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For how long a known end of the feed can be trusted: nothing behind it has expired yet, because events are kept for
/// [`RETENTION`].
const MAX_KNOWN_END_AGE: SignedDuration = SignedDuration::from_hours(29 * 24);
/// Assumed maximum difference between clocks. DynamoDB gives the time of a write in whole seconds.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// Number of page heads that are read first from the end of the feed. They fit one read unit.
const FIRST_QUERY_PAGES: usize = 3;
/// Number of page heads of each following query.
const NEXT_QUERY_PAGES: usize = 100;

/// The number of the first event of an empty feed, new or expired.
#[derive(Serialize, Deserialize)]
struct FeedStart {
    number: u64,
    at: Timestamp,
}

/// The known end of a feed: the sources of recent events, and the next number. The events of a page never change, so
/// this stays valid and only later pages have to be read.
#[derive(Clone, Debug)]
pub struct FeedEnd {
    /// `known` has the source of every event that was published at or after this time.
    since: Timestamp,
    next: u64,
    at: Timestamp,
    known: HashMap<EventSource, FeedPosition>,
}

/// Builds the JSON of an event from its outbox entry and the lead after the change or later. Without a lead, the event
/// holds nothing of the person.
pub trait EventJson: Fn(&OutboxEntry, EventId, Option<&Lead>, &Team) -> Result<Box<RawValue>, Error> + Sync {}

impl<F: Fn(&OutboxEntry, EventId, Option<&Lead>, &Team) -> Result<Box<RawValue>, Error> + Sync> EventJson for F {}

/// Published events, and the webhooks that may want them.
#[derive(Debug)]
pub struct PublishedEvents {
    /// The events, with their positions.
    pub events: Vec<(FeedPosition, EventType)>,
    /// All webhooks of the team.
    pub webhooks: Vec<Webhook>,
    /// The end of the feed, for the next call.
    pub end: FeedEnd,
}

/// The team and the outbox entry of a stream record's item: a log entry or a tombstone.
///
/// # Errors
/// 500 for any other item, and for one that does not parse.
pub fn outbox_entry(item: Item) -> Result<(TeamId, OutboxEntry), Error> {
    let (team, lead, is_lead) = lead_of(&item).ok_or_else(|| Error::internal("an item is no entry of the outbox"))?;
    if is_lead {
        let deletion = item.get(DELETION).cloned().ok_or_else(|| Error::internal("a tombstone has no deletion"))?;
        let deletion: Deletion = serde_dynamo::from_attribute_value(deletion)
            .map_err(|_| Error::internal("the deletion of a tombstone does not parse"))?;
        return Ok((team, OutboxEntry::of_tombstone(decode::<Lead>(item)?, deletion)));
    }
    if !PrimaryKey::of(&item).as_ref().is_some_and(is_log) {
        return Err(Error::internal("an item is no entry of the outbox"));
    }
    Ok((team, OutboxEntry::of_log(lead, decode::<LogEntry>(item)?)))
}

impl FeedStore {
    /// Publishes entries that were written between `written.0` and `written.1`, in their order and each exactly once,
    /// however often it is called. Two trips. `end` is the end of the feed from the previous call. A page's time is at
    /// least that of the newest of these writes by DynamoDB's clock, so that a later search for one of them finds it
    /// whatever the other clocks say.
    ///
    /// # Errors
    /// 503 when the table stays too busy; some of the events may be there then.
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
        // The time of a write is DynamoDB's, the time of a page is the publisher's.
        let since = since.plus(-MAX_CLOCK_SKEW);
        let range = Range::webhooks(team);
        let webhooks = self.query_all(&range, Consistency::Strong);
        let (webhooks, (names, leads), mut end) =
            tokio::try_join!(webhooks, self.leads_of(team, entries), self.feed_end(team, since, now, end))?;
        let mut backoff = Backoff::default();
        while let Some(page) = FeedPage::next(team, entries, &end, &names, &leads, known_at, &event_json)? {
            if self.put_if(page.item(team)?, Condition::absent()).await? {
                end.add_page(page.first, &page.head);
                continue;
            }
            // Another publisher was faster, or this one won and did not get the answer.
            backoff.next().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
            end = self.feed_end(team, since, now, Some(end)).await?;
        }
        let position = |entry: &OutboxEntry| Some((*end.known.get(&entry.source)?, entry.event_type));
        let events = entries.iter().filter_map(position).collect();
        end.forget_before(since);
        Ok(PublishedEvents { events, webhooks: webhooks.into_iter().filter_map(parse_webhook_or_skip).collect(), end })
    }
}

impl Table {
    /// The leads of entries, tombstones included, and their team.
    async fn leads_of(&self, team: &TeamId, entries: &[OutboxEntry]) -> Result<(Team, HashMap<LeadId, Lead>), Error> {
        let leads: BTreeSet<LeadId> = entries.iter().map(|entry| entry.lead).collect();
        let keys = leads.iter().map(|id| Key::Lead(*id).of(team)).chain([Key::Team.of(team)]).collect();
        let mut items = self.get_all(keys, Consistency::Strong).await?;
        let names = take_team(&mut items, team)?;
        let leads = items.into_values().map(|item| decode::<Lead>(item).map(|lead| (lead.id, lead)));
        Ok((names, leads.collect::<Result<_, Error>>()?))
    }

    /// The sources of events that became known at or after `since`, and the next number.
    async fn feed_end(
        &self,
        team: &TeamId,
        since: Timestamp,
        now: Timestamp,
        before: Option<FeedEnd>,
    ) -> Result<FeedEnd, Error> {
        let end = match before {
            Some(before) if before.since <= since => Some(self.feed_from(team, before).await?),
            _ => self.feed_back_to(team, since).await?,
        };
        // TTL removes items in no particular order, so that the last item of an expired feed need not be its end.
        match end.filter(|end| now < end.at.plus(MAX_KNOWN_END_AGE)) {
            Some(end) => Ok(end),
            None => Ok(FeedEnd { since, next: self.feed_start(team, now).await?, at: now, known: HashMap::new() }),
        }
    }

    /// Reads on from a known end.
    async fn feed_from(&self, team: &TeamId, mut end: FeedEnd) -> Result<FeedEnd, Error> {
        let range = Range::events(team, end.next);
        let mut after = None;
        loop {
            let page = Query { after, limit: Some(NEXT_QUERY_PAGES), ..Query::of_page_heads(&range) };
            let (items, last) = self.query(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                // A query is no snapshot. A page that is missing here exists by now, and the conditional put finds it.
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

    /// Reads from the end of the feed back to events that became known before `since`. `None` if the feed is empty.
    async fn feed_back_to(&self, team: &TeamId, since: Timestamp) -> Result<Option<FeedEnd>, Error> {
        let range = Range::events(team, 0);
        let mut end: Option<FeedEnd> = None;
        let (mut after, mut limit) = (None, FIRST_QUERY_PAGES);
        loop {
            let page = Query { descending: true, after, limit: Some(limit), ..Query::of_page_heads(&range) };
            let (items, last) = self.query(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                let next = head.next(first);
                let known = end.get_or_insert_with(|| FeedEnd { since, next, at: head.at, known: HashMap::new() });
                if head.at < since {
                    return Ok(end);
                }
                known.add_sources(first, &head);
            }
            (after, limit) = (last, NEXT_QUERY_PAGES);
            if after.is_none() {
                return Ok(end);
            }
        }
    }

    /// The number of the first event of an empty feed. Concurrent publishers get the same number, and no number is used
    /// twice.
    async fn feed_start(&self, team: &TeamId, now: Timestamp) -> Result<u64, Error> {
        let key = Key::FeedStart.of(team);
        let mut backoff = Backoff::default();
        loop {
            let there: Option<FeedStart> = self.get(key.clone(), Consistency::Strong).await?.map(decode).transpose()?;
            let start = match &there {
                Some(start) if now < start.at.plus(MAX_KNOWN_END_AGE) => return Ok(start.number),
                // The time in microseconds: no team has more events than that.
                Some(_) => FeedStart { number: now.as_millisecond().unsigned_abs() * 1000, at: now },
                None => FeedStart { number: FeedCursor::START.page, at: now },
            };
            let unchanged = there.map_or_else(Condition::absent, |there| {
                Condition::new("#at = :at").name("#at", AT).value(":at", text(&there.at.to_string()))
            });
            if self.put_if(encode(key.clone(), &start)?, unchanged).await? {
                return Ok(start.number);
            }
            backoff.next().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
        }
    }
}

impl<'a> Query<'a> {
    /// A query for pages without their events.
    fn of_page_heads(range: &'a Range) -> Self {
        Self { projection: &[PK, SK, AT, SOURCES], ..Self::of(range, Consistency::Strong) }
    }
}

/// A webhook that does not parse is skipped, so that the others are notified.
fn parse_webhook_or_skip(item: Item) -> Option<Webhook> {
    let webhook = decode(item);
    webhook.inspect_err(|error: &Error| tracing::error!(target: LOG_TARGET, %error, "a webhook is passed over")).ok()
}

impl FeedEnd {
    /// Adds the next page to the known end.
    fn add_page(&mut self, first: u64, head: &PageHead) {
        self.add_sources(first, head);
        (self.next, self.at) = (head.next(first), head.at);
    }

    fn add_sources(&mut self, first: u64, head: &PageHead) {
        let position = |n| FeedPosition { page: first, number: first + n, at: head.at };
        self.known.extend(head.sources.iter().copied().zip((0..).map(position)));
    }

    /// Drops older sources: a stream is read in the order of its writes, so that nobody asks for them again.
    fn forget_before(&mut self, since: Timestamp) {
        self.since = self.since.max(since);
        self.known.retain(|_, position| position.at >= since);
    }
}
