//! The feed of a team's events: a log that grows only at its end. A publisher appends a page of events with a put that
//! is conditional on an empty place. Of several concurrent publishers one wins, and the others read on and try again.
//! The order is therefore the one in which readers see the events. A publisher that searched back to the earliest time
//! at which an event could have been published, and then wins the put, knows that the event is not a duplicate.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read as _, Write as _};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::error::Error;
use crate::domain::{
    Author, Deletion, EventFilter, EventId, EventSource, EventType, FeedCursor, FeedEvent, FeedPosition, Lead, LeadId,
    LogEntry, OutboxEntry, Team, TeamId, Timestamp, Webhook,
};
use crate::platform::backoff::Backoff;
use crate::platform::response_size::{MAX_RESPONSE_BYTES, escaped_len};
use crate::platform::telemetry::LOG_TARGET;
use crate::store::keys::attribute::feed_page::{AT, EVENTS, SOURCES};
use crate::store::keys::attribute::lead::DELETION;
use crate::store::keys::attribute::{PK, SK, TTL};
use crate::store::keys::{Key, PrimaryKey, Range, event_page_of, is_log, lead_of};
use crate::store::teams::take_team;
use crate::store::transaction::Condition;
use crate::store::{Consistency, Item, Query, Table, decode, encode, number, text};

/// How long events and deliveries are kept.
pub(in crate::store) const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For how long a known end of the feed can be trusted: nothing behind it has expired yet, because events are kept for
/// [`RETENTION`].
const MAX_KNOWN_END_AGE: SignedDuration = SignedDuration::from_hours(29 * 24);
/// Assumed maximum difference between clocks. DynamoDB gives the time of a write in whole seconds.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// Maximum number of events of a page.
const MAX_PAGE_EVENTS: usize = 25;
/// Maximum size of a page before compression, in bytes. A DynamoDB item has at most 400 KB.
const MAX_PAGE_BYTES: usize = 350_000;
/// Number of page heads that are read first from the end of the feed. They fit one read unit.
const FIRST_QUERY_PAGES: usize = 3;
/// Number of page heads of each following query.
const NEXT_QUERY_PAGES: usize = 100;
/// Number of pages that are read together for scrubbing. Each has some tens of kilobytes.
const SCRUBBED_PAGES: usize = 50;
/// Maximum number of tries to scrub a page that another run of the clean-up writes at the same time.
const MAX_SCRUB_TRIES: usize = 5;
/// Maximum number of queries for one answer, however few events match the filter.
const MAX_QUERIES: usize = 4;

/// The attributes of a page without its events.
#[derive(Serialize, Deserialize)]
struct PageHead {
    at: Timestamp,
    sources: Vec<EventSource>,
}

/// A page: events that became known together.
struct FeedPage {
    first: u64,
    head: PageHead,
    events: Vec<Box<RawValue>>,
}

/// The fields of an event that filters look at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilteredFields {
    #[serde(rename = "type")]
    event_type: EventType,
    actor: Author,
    lead_id: LeadId,
}

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

impl Table {
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
    ) -> Result<PublishedEvents, Error> {
        let (since, known_at) = (written.0, now.max(written.1));
        // The time of a write is DynamoDB's, the time of a page is the publisher's.
        let since = since.plus(-MAX_CLOCK_SKEW);
        let range = Range::webhooks(team);
        let webhooks = self.query_all(&range, Consistency::Strong);
        let (webhooks, (names, leads), mut end) =
            tokio::try_join!(webhooks, self.leads_of(team, entries), self.feed_end(team, since, now, end))?;
        let mut backoff = Backoff::default();
        while let Some(page) = FeedPage::next(team, entries, &end, &names, &leads, known_at)? {
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
            let page = Query { after, limit: Some(NEXT_QUERY_PAGES), ..Query::heads(&range) };
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
            let page = Query { descending: true, after, limit: Some(limit), ..Query::heads(&range) };
            let (items, last) = self.query(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                let next = head.next(first);
                let known = end.get_or_insert_with(|| FeedEnd { since, next, at: head.at, known: HashMap::new() });
                if head.at < since {
                    return Ok(end);
                }
                known.learn(first, &head);
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

    /// Events from a reader's cursor on, at most `limit` and limited in bytes, the reader's next cursor, and whether
    /// there may be more. One trip, up to four if few events match the filter.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn events(
        &self,
        team: &TeamId,
        mut cursor: FeedCursor,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<(Vec<FeedEvent>, FeedCursor, bool), Error> {
        let (mut events, mut left) = (Vec::new(), MAX_RESPONSE_BYTES);
        let mut confirmed = false;
        'trips: for _ in 0..MAX_QUERIES {
            let range = Range::events(team, cursor.page);
            // When many events wait to be read, pages have several of them.
            let page = Query { limit: Some(limit.div_ceil(4) + 1), ..Query::of(&range, Consistency::Strong) };
            let (items, last) = self.query(page).await?;
            let mut items = items.into_iter().peekable();
            while let Some(item) = items.next() {
                let page = FeedPage::of(item)?;
                // A query is no snapshot: an earlier page may exist by now. If it does not, it has expired.
                if page.first != cursor.page {
                    if !confirmed {
                        confirmed = true;
                        continue 'trips;
                    }
                    cursor = FeedCursor { page: page.first, skip: 0 };
                }
                confirmed = false;
                let behind = FeedCursor { page: page.head.next(page.first), skip: 0 };
                for event in page.into_events().skip(usize::try_from(cursor.skip).unwrap_or(usize::MAX)) {
                    let event = event?;
                    if filter.matches(event.event_type, &event.author) {
                        let size = escaped_len(event.json.get()) + 1;
                        if size > left && !events.is_empty() {
                            return Ok((events, cursor, true));
                        }
                        left = left.saturating_sub(size);
                        events.push(event);
                    }
                    cursor.skip += 1;
                    if events.len() == limit {
                        let is_last = cursor.page + cursor.skip == behind.page;
                        let more = !is_last || items.peek().is_some() || last.is_some();
                        return Ok((events, if is_last { behind } else { cursor }, more));
                    }
                }
                cursor = behind;
            }
            if last.is_none() {
                return Ok((events, cursor, false));
            }
        }
        Ok((events, cursor, true))
    }

    /// The cursor after the last event of a team. One trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn end_of_feed(&self, team: &TeamId) -> Result<FeedCursor, Error> {
        let range = Range::events(team, 0);
        let page = Query { descending: true, limit: Some(1), ..Query::of(&range, Consistency::Strong) };
        let (items, _) = self.query(page).await?;
        let last = items.into_iter().next().map(PageHead::of).transpose()?;
        let page = last.map_or(FeedCursor::START.page, |(first, head)| head.next(first));
        Ok(FeedCursor { page, skip: 0 })
    }

    /// The event with this number, if it is still kept. One trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn event(&self, team: &TeamId, number: u64) -> Result<Option<FeedEvent>, Error> {
        let range = Range::events_within(team, number.saturating_sub(MAX_PAGE_EVENTS as u64 - 1)..=number);
        let page = Query { descending: true, limit: Some(1), ..Query::of(&range, Consistency::Strong) };
        let (items, _) = self.query(page).await?;
        let Some(item) = items.into_iter().next() else { return Ok(None) };
        event_of(item, number)
    }
}

impl Table {
    /// Removes the personal data of deleted leads from their events. Each lead is given with its time of creation:
    /// pages before the oldest are not read. Safe to repeat. Returns the number of changed events.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Pages that were scrubbed stay scrubbed.
    pub async fn scrub_events(&self, team: &TeamId, leads: &BTreeMap<LeadId, Timestamp>) -> Result<usize, Error> {
        let Some(oldest) = leads.values().min() else { return Ok(0) };
        let range = Range::events(team, 0);
        let (mut after, mut scrubbed) = (None, 0);
        loop {
            let page = Query {
                descending: true,
                after,
                limit: Some(SCRUBBED_PAGES),
                ..Query::of(&range, Consistency::Strong)
            };
            let (items, last) = self.query(page).await?;
            for item in items {
                let read = item.get(EVENTS).cloned();
                // A page that does not parse is skipped, so that the others are scrubbed.
                let page = match FeedPage::of(item) {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::error!(target: LOG_TARGET, %error, "a page of events is not scrubbed");
                        continue;
                    }
                };
                // Earlier pages are older than all of the leads.
                if page.head.at < oldest.plus(-MAX_CLOCK_SKEW) {
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

    /// Scrubs one page. The put is conditional on the page being as it was `read`: another run may have scrubbed other
    /// leads meanwhile, or TTL may have removed it.
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
            let unchanged = Condition::new("#events = :read").name("#events", EVENTS).value(":read", events);
            if self.put_if(page.item(team)?, unchanged).await? {
                return Ok(scrubbed);
            }
            let Some(item) = self.get(Key::EventPage(page.first).of(team), Consistency::Strong).await? else {
                return Ok(scrubbed);
            };
            read = item.get(EVENTS).cloned();
            page = FeedPage::of(item)?;
        }
        Err(Error::unavailable("a page of events is written by others all the time"))
    }
}

/// The event with this number, if it is on this page.
pub(in crate::store) fn event_of(item: Item, number: u64) -> Result<Option<FeedEvent>, Error> {
    let page = FeedPage::of(item)?;
    let Some(n) = number.checked_sub(page.first).and_then(|n| usize::try_from(n).ok()) else { return Ok(None) };
    page.into_events().nth(n).transpose()
}

impl<'a> Query<'a> {
    /// A query for pages without their events.
    fn heads(range: &'a Range) -> Self {
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
        self.learn(first, head);
        (self.next, self.at) = (head.next(first), head.at);
    }

    fn learn(&mut self, first: u64, head: &PageHead) {
        let position = |n| FeedPosition { page: first, number: first + n, at: head.at };
        self.known.extend(head.sources.iter().copied().zip((0..).map(position)));
    }

    /// Drops older sources: a stream is read in the order of its writes, so that nobody asks for them again.
    fn forget_before(&mut self, since: Timestamp) {
        self.since = self.since.max(since);
        self.known.retain(|_, position| position.at >= since);
    }
}

impl PageHead {
    /// The number after the last event of a page that starts with `first`.
    fn next(&self, first: u64) -> u64 {
        first + self.sources.len() as u64
    }

    fn of(item: Item) -> Result<(u64, Self), Error> {
        let first = event_page_of(&item).ok_or_else(|| Error::internal("a page of events has no number"))?;
        Ok((first, decode(item)?))
    }
}

impl FeedPage {
    /// The next page: as many unpublished entries as fit. `None` if all are published.
    fn next(
        team: &TeamId,
        entries: &[OutboxEntry],
        end: &FeedEnd,
        names: &Team,
        leads: &HashMap<LeadId, Lead>,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let mut page =
            Self { first: end.next, head: PageHead { at: now.max(end.at), sources: Vec::new() }, events: Vec::new() };
        let mut bytes = 0;
        for entry in entries.iter().filter(|entry| !end.known.contains_key(&entry.source)) {
            // A stream may deliver a record twice.
            if page.head.sources.contains(&entry.source) {
                continue;
            }
            let id = EventId::new(team, page.first + page.events.len() as u64);
            let event = serde_json::value::to_raw_value(&entry.clone().event(id, leads.get(&entry.lead), names))
                .map_err(|error| Error::caused_by("an event does not serialise", &error))?;
            bytes += event.get().len();
            if !page.events.is_empty() && (bytes > MAX_PAGE_BYTES || page.events.len() == MAX_PAGE_EVENTS) {
                break;
            }
            page.head.sources.push(entry.source);
            page.events.push(event);
        }
        Ok((!page.events.is_empty()).then_some(page))
    }

    fn item(&self, team: &TeamId) -> Result<Item, Error> {
        let mut item = encode(Key::EventPage(self.first).of(team), &self.head)?;
        let fault = |error: &dyn std::error::Error| Error::caused_by("events do not compress", error);
        let json = serde_json::to_vec(&self.events).map_err(|error| fault(&error))?;
        let mut compressed = DeflateEncoder::new(Vec::new(), Compression::default());
        compressed.write_all(&json).map_err(|error| fault(&error))?;
        let compressed = compressed.finish().map_err(|error| fault(&error))?;
        item.insert(EVENTS.to_owned(), AttributeValue::B(Blob::new(compressed)));
        item.insert(TTL.to_owned(), number(self.head.at.plus(RETENTION).as_second()));
        Ok(item)
    }

    fn of(mut item: Item) -> Result<Self, Error> {
        let fault = || Error::internal("the events of a page do not parse");
        let Some(AttributeValue::B(compressed)) = item.remove(EVENTS) else { return Err(fault()) };
        let (first, head) = PageHead::of(item)?;
        let mut json = String::new();
        DeflateDecoder::new(compressed.as_ref()).read_to_string(&mut json).map_err(|_| fault())?;
        Ok(Self { first, head, events: serde_json::from_str(&json).map_err(|_| fault())? })
    }

    /// Removes the personal data of these leads from the page's events. Returns the number of changed events.
    fn scrub(&mut self, leads: &BTreeMap<LeadId, Timestamp>) -> Result<usize, Error> {
        const KEPT_FIELDS: [&str; 5] = ["id", "type", "createdAt", "actor", "leadId"];
        let mut scrubbed = 0;
        for event in &mut self.events {
            let fault = |_| Error::internal("an event does not parse");
            let typed: FilteredFields = serde_json::from_str(event.get()).map_err(fault)?;
            if !leads.contains_key(&typed.lead_id) {
                continue;
            }
            let mut fields: Map<String, Value> = serde_json::from_str(event.get()).map_err(fault)?;
            let before = fields.len();
            fields.retain(|name, _| KEPT_FIELDS.contains(&name.as_str()));
            if fields.len() < before {
                *event = serde_json::value::to_raw_value(&fields).map_err(fault)?;
                scrubbed += 1;
            }
        }
        Ok(scrubbed)
    }

    fn into_events(self) -> impl Iterator<Item = Result<FeedEvent, Error>> {
        let Self { first, head: PageHead { at, .. }, events } = self;
        (first..).zip(events).map(move |(number, json)| {
            let typed: FilteredFields =
                serde_json::from_str(json.get()).map_err(|_| Error::internal("an event has no type"))?;
            let position = FeedPosition { page: first, number, at };
            Ok(FeedEvent { position, event_type: typed.event_type, author: typed.actor, json })
        })
    }
}
