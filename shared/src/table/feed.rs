//! The feed of a team's events (spec section 12): a log that grows at its end alone. A page of events is put behind the last
//! one, on condition that nothing is there: of several that are about to, one does, and the others look again. So the order
//! is the one in which readers can see them, and what looked for an event from when on it could be there, and has then put a
//! page, knows that it was not there before.

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

use super::keys::{Key, PrimaryKey, Range, TTL, event_page_of, is_log, lead_of};
use super::teams::take_team;
use super::transaction::Condition;
use super::{Consistency, Item, Query, Table, decode, encode, number, text};
use crate::backoff::Backoff;
use crate::error::Error;
use crate::model::{
    Author, Deletion, EventFilter, EventId, EventSource, EventType, FeedCursor, FeedEvent, FeedPosition, Lead, LeadId,
    LogEntry, OutboxEntry, Team, TeamId, Timestamp, Webhook,
};
use crate::payload::{LARGEST, escaped_len};
use crate::telemetry::TARGET;

/// How long events are kept, and what became of them.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For how long the place of a first event is certainly empty or taken: what was put there is not removed before [`KEPT`].
const START_HOLDS: SignedDuration = SignedDuration::from_hours(29 * 24);
/// By how much clocks may differ: DynamoDB tells the time of a write to the second.
const CLOCKS: SignedDuration = SignedDuration::from_secs(2);
/// Events of a page, at most.
const PAGE: usize = 25;
/// Bytes of a page, at most, before they are compressed: an item has at most 400 KB.
const PAGE_BYTES: usize = 350_000;
/// Pages that are looked at first for what became known last: they fit in the read unit of one.
const LAST_PAGES: usize = 3;
/// Pages that are looked at together for it after that.
const MORE_PAGES: usize = 100;
/// Pages that are read together to be scrubbed: some tens of kilobytes each.
const SCRUBBED_PAGES: usize = 50;
/// How often a page is scrubbed that another run of the clean-up writes at the same time.
const SCRUBS_OF_A_PAGE: usize = 5;
/// Queries for one answer, however little of the feed is what was asked for.
const MOST_TRIPS: usize = 4;
/// The attribute of a page with its events: a JSON array, compressed (RFC 1951).
const EVENTS: &str = "events";
/// The attribute of a lead's item that tells of its deletion.
pub(super) const DELETION: &str = "deletion";

/// What is known of a page without its events.
#[derive(Serialize, Deserialize)]
struct PageHead {
    at: Timestamp,
    sources: Vec<EventSource>,
}

/// Events that became known together.
struct EventPage {
    first: u64,
    head: PageHead,
    events: Vec<Box<RawValue>>,
}

/// What is read of an event to tell whom it is for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(rename = "type")]
    event_type: EventType,
    actor: Author,
    lead_id: LeadId,
}

/// The number of the first event after a silence of more than [`KEPT`].
#[derive(Serialize, Deserialize)]
struct FeedStart {
    number: u64,
    at: Timestamp,
}

/// What became known lately, and what comes next. Which events a page has never changes, so that it is true for good of what it
/// covers, and only what came after it has to be read.
#[derive(Clone, Debug)]
pub struct FeedTail {
    /// What became known at this moment or later is all in `known`.
    since: Timestamp,
    next: u64,
    at: Timestamp,
    known: HashMap<EventSource, FeedPosition>,
}

/// Events that are in the feed, and who may want to be told.
#[derive(Debug)]
pub struct Published {
    /// Each with where it stands.
    pub events: Vec<(FeedPosition, EventType)>,
    /// Every webhook of the team.
    pub webhooks: Vec<Webhook>,
    /// For the next time.
    pub tail: FeedTail,
}

/// A team's entry of the outbox: a log entry, or the tombstone of a lead.
///
/// # Errors
/// 500 for any other item, and for one that does not parse.
pub fn outbox_entry(item: Item) -> Result<(TeamId, OutboxEntry), Error> {
    let (team, lead, is_lead) = lead_of(&item).ok_or_else(|| Error::internal("an item is no entry of the outbox"))?;
    if is_lead {
        let deletion =
            item.get(DELETION).cloned().ok_or_else(|| Error::internal("a tombstone tells of no deletion"))?;
        let deletion: Deletion = serde_dynamo::from_attribute_value(deletion)
            .map_err(|_| Error::internal("what a tombstone tells does not parse"))?;
        return Ok((team, OutboxEntry::of_tombstone(decode::<Lead>(item)?, deletion)));
    }
    if !PrimaryKey::of(&item).as_ref().is_some_and(is_log) {
        return Err(Error::internal("an item is no entry of the outbox"));
    }
    Ok((team, OutboxEntry::of_log(lead, decode::<LogEntry>(item)?)))
}

impl Table {
    /// Makes events of entries that were written from `written.0` to `written.1`, in their order, each once however often this is
    /// done: two trips. `tail` is what the time before gave, if there was one. A page became known at or after the last of these
    /// writes by DynamoDB's own clock, so that whoever looks for one of them again finds it, whatever the other clocks say.
    ///
    /// # Errors
    /// 503 when the table stays too busy; some of the events may be there then.
    pub async fn publish(
        &self,
        team: &TeamId,
        entries: &[OutboxEntry],
        written: (Timestamp, Timestamp),
        now: Timestamp,
        tail: Option<FeedTail>,
    ) -> Result<Published, Error> {
        let (since, known_at) = (written.0, now.max(written.1));
        // DynamoDB's clock tells when something was written, another one when it became known.
        let since = since.plus(-CLOCKS);
        let range = Range::webhooks(team);
        let webhooks = self.query_all(&range, Consistency::Strong);
        let (webhooks, (names, leads), mut tail) =
            tokio::try_join!(webhooks, self.leads_of(team, entries), self.feed_tail(team, since, now, tail))?;
        let mut backoff = Backoff::default();
        while let Some(page) = EventPage::next(team, entries, &tail, &names, &leads, known_at)? {
            if self.put_if(page.item(team)?, Condition::absent()).await? {
                tail.note(page.first, &page.head);
                continue;
            }
            // Another one was faster, or this one was and does not know.
            backoff.next().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
            tail = self.feed_tail(team, since, now, Some(tail)).await?;
        }
        let position = |entry: &OutboxEntry| Some((*tail.known.get(&entry.source)?, entry.event_type));
        let events = entries.iter().filter_map(position).collect();
        tail.forget_before(since);
        Ok(Published { events, webhooks: webhooks.into_iter().filter_map(understood).collect(), tail })
    }

    /// The leads that entries are of, as far as anything is left of them, and their team.
    async fn leads_of(&self, team: &TeamId, entries: &[OutboxEntry]) -> Result<(Team, HashMap<LeadId, Lead>), Error> {
        let leads: BTreeSet<LeadId> = entries.iter().map(|entry| entry.lead).collect();
        let keys = leads.iter().map(|id| Key::Lead(*id).of(team)).chain([Key::Team.of(team)]).collect();
        let mut items = self.get_all(keys, Consistency::Strong).await?;
        let names = take_team(&mut items, team)?;
        let leads = items.into_values().map(|item| decode::<Lead>(item).map(|lead| (lead.id, lead)));
        Ok((names, leads.collect::<Result<_, Error>>()?))
    }

    /// What became known at `since` or later, and what number comes next.
    async fn feed_tail(
        &self,
        team: &TeamId,
        since: Timestamp,
        now: Timestamp,
        before: Option<FeedTail>,
    ) -> Result<FeedTail, Error> {
        let tail = match before {
            Some(before) if before.since <= since => Some(self.feed_from(team, before).await?),
            _ => self.feed_back_to(team, since).await?,
        };
        // TTL removes items in no particular order: what is left of a feed as old as this is not its end.
        match tail.filter(|tail| now < tail.at.plus(START_HOLDS)) {
            Some(tail) => Ok(tail),
            None => Ok(FeedTail { since, next: self.feed_start(team, now).await?, at: now, known: HashMap::new() }),
        }
    }

    /// Reads on from what is known.
    async fn feed_from(&self, team: &TeamId, mut tail: FeedTail) -> Result<FeedTail, Error> {
        let range = Range::events(team, tail.next);
        let mut after = None;
        loop {
            let page = Query { after, limit: Some(MORE_PAGES), ..Query::heads(&range) };
            let (items, last) = self.query(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                // A query is no snapshot: what is missing before this is there by now, and found when something is put there.
                if first != tail.next {
                    return Ok(tail);
                }
                tail.note(first, &head);
            }
            after = last;
            if after.is_none() {
                return Ok(tail);
            }
        }
    }

    /// Reads from the end back to what became known before `since`; `None` of an empty feed.
    async fn feed_back_to(&self, team: &TeamId, since: Timestamp) -> Result<Option<FeedTail>, Error> {
        let range = Range::events(team, 0);
        let mut tail: Option<FeedTail> = None;
        let (mut after, mut limit) = (None, LAST_PAGES);
        loop {
            let page = Query { descending: true, after, limit: Some(limit), ..Query::heads(&range) };
            let (items, last) = self.query(page).await?;
            for item in items {
                let (first, head) = PageHead::of(item)?;
                let next = head.next(first);
                let known = tail.get_or_insert_with(|| FeedTail { since, next, at: head.at, known: HashMap::new() });
                if head.at < since {
                    return Ok(tail);
                }
                known.learn(first, &head);
            }
            (after, limit) = (last, MORE_PAGES);
            if after.is_none() {
                return Ok(tail);
            }
        }
    }

    /// The number of the first event of a feed that is empty: the same for all who ask at about this time, and never one that
    /// was used before.
    async fn feed_start(&self, team: &TeamId, now: Timestamp) -> Result<u64, Error> {
        let key = Key::FeedStart.of(team);
        let mut backoff = Backoff::default();
        loop {
            let there: Option<FeedStart> = self.get(key.clone(), Consistency::Strong).await?.map(decode).transpose()?;
            let start = match &there {
                Some(start) if now < start.at.plus(START_HOLDS) => return Ok(start.number),
                // Microseconds: no team has as many events.
                Some(_) => FeedStart { number: now.as_millisecond().unsigned_abs() * 1000, at: now },
                None => FeedStart { number: FeedCursor::START.page, at: now },
            };
            let unchanged = there.map_or_else(Condition::absent, |there| {
                Condition::new("#at = :at").name("#at", "at").value(":at", text(&there.at.to_string()))
            });
            if self.put_if(encode(key.clone(), &start)?, unchanged).await? {
                return Ok(start.number);
            }
            backoff.next().await.ok_or_else(|| Error::unavailable("the feed stays too busy"))?;
        }
    }

    /// Events from a reader's cursor on, at most so many and of at most so many bytes, how far the reader has come then, and
    /// whether there may be more: one trip, up to four where few are what is asked for.
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
        let (mut events, mut left) = (Vec::new(), LARGEST);
        let mut confirmed = false;
        'trips: for _ in 0..MOST_TRIPS {
            let range = Range::events(team, cursor.page);
            // Pages have more than one event where many are to be read.
            let page = Query { limit: Some(limit.div_ceil(4) + 1), ..Query::of(&range, Consistency::Strong) };
            let (items, last) = self.query(page).await?;
            let mut items = items.into_iter().peekable();
            while let Some(item) = items.next() {
                let page = EventPage::of(item)?;
                // A query is no snapshot: what was put before this may be there by now. What is not then has expired.
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
                    if filter.holds(event.event_type, &event.author) {
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

    /// Behind the last event of a team: one trip.
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

    /// The event of a number, while it is kept: one trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn event(&self, team: &TeamId, number: u64) -> Result<Option<FeedEvent>, Error> {
        let range = Range::events_within(team, number.saturating_sub(PAGE as u64 - 1)..=number);
        let page = Query { descending: true, limit: Some(1), ..Query::of(&range, Consistency::Strong) };
        let (items, _) = self.query(page).await?;
        let Some(item) = items.into_iter().next() else { return Ok(None) };
        event_of(item, number)
    }
}

impl Table {
    /// Takes everything of these leads out of the feed but that something happened to them, and to which: they are deleted. Each
    /// is given with when it was created: no page before the oldest of them is read. Safe to repeat.
    ///
    /// # Errors
    /// 503 when the table stays too busy; what is done is done.
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
                // A page that does not parse is left, so that the others are scrubbed all the same.
                let page = match EventPage::of(item) {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::error!(target: TARGET, %error, "a page of events is not scrubbed");
                        continue;
                    }
                };
                // Nothing that happened to them became known before.
                if page.head.at < oldest.plus(-CLOCKS) {
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

    /// One page, written only as it was `read`: another run may take other leads out of it meanwhile, and TTL all of it.
    async fn scrub_page(
        &self,
        team: &TeamId,
        mut page: EventPage,
        mut read: Option<AttributeValue>,
        leads: &BTreeMap<LeadId, Timestamp>,
    ) -> Result<usize, Error> {
        let mut scrubbed = 0;
        for _ in 0..SCRUBS_OF_A_PAGE {
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
            page = EventPage::of(item)?;
        }
        Err(Error::unavailable("a page of events is written by others all the time"))
    }
}

/// The event of a number, if it is on this page.
pub(super) fn event_of(item: Item, number: u64) -> Result<Option<FeedEvent>, Error> {
    let page = EventPage::of(item)?;
    let Some(n) = number.checked_sub(page.first).and_then(|n| usize::try_from(n).ok()) else { return Ok(None) };
    page.into_events().nth(n).transpose()
}

impl<'a> Query<'a> {
    /// Pages without their events.
    fn heads(range: &'a Range) -> Self {
        let names = HashMap::from([("#at".to_owned(), "at".to_owned())]);
        Self { projection: Some("PK, SK, #at, sources"), names, ..Self::of(range, Consistency::Strong) }
    }
}

/// One webhook that does not parse is no reason to tell nobody.
fn understood(item: Item) -> Option<Webhook> {
    let webhook = decode(item);
    webhook.inspect_err(|error: &Error| tracing::error!(target: TARGET, %error, "a webhook is passed over")).ok()
}

impl FeedTail {
    /// The page that comes next.
    fn note(&mut self, first: u64, head: &PageHead) {
        self.learn(first, head);
        (self.next, self.at) = (head.next(first), head.at);
    }

    fn learn(&mut self, first: u64, head: &PageHead) {
        let position = |n| FeedPosition { page: first, number: first + n, at: head.at };
        self.known.extend(head.sources.iter().copied().zip((0..).map(position)));
    }

    /// A stream is read in the order of its writes: nobody asks for anything older any more.
    fn forget_before(&mut self, since: Timestamp) {
        self.since = self.since.max(since);
        self.known.retain(|_, position| position.at >= since);
    }
}

impl PageHead {
    /// The number behind the last event of a page that begins with `first`.
    fn next(&self, first: u64) -> u64 {
        first + self.sources.len() as u64
    }

    fn of(item: Item) -> Result<(u64, Self), Error> {
        let first = event_page_of(&item).ok_or_else(|| Error::internal("a page of events has no number"))?;
        Ok((first, decode(item)?))
    }
}

impl EventPage {
    /// As many as fit of the entries that are not known yet; `None` when all are.
    fn next(
        team: &TeamId,
        entries: &[OutboxEntry],
        tail: &FeedTail,
        names: &Team,
        leads: &HashMap<LeadId, Lead>,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let mut page =
            Self { first: tail.next, head: PageHead { at: now.max(tail.at), sources: Vec::new() }, events: Vec::new() };
        let mut bytes = 0;
        for entry in entries.iter().filter(|entry| !tail.known.contains_key(&entry.source)) {
            // A stream may tell of one write twice.
            if page.head.sources.contains(&entry.source) {
                continue;
            }
            let id = EventId::new(team, page.first + page.events.len() as u64);
            let event = serde_json::value::to_raw_value(&entry.clone().event(id, leads.get(&entry.lead), names))
                .map_err(|error| Error::caused_by("an event does not serialise", &error))?;
            bytes += event.get().len();
            if !page.events.is_empty() && (bytes > PAGE_BYTES || page.events.len() == PAGE) {
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
        item.insert(TTL.to_owned(), number(self.head.at.plus(KEPT).as_second()));
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

    /// Takes everything of these leads out of its events; gives of how many.
    fn scrub(&mut self, leads: &BTreeMap<LeadId, Timestamp>) -> Result<usize, Error> {
        const KEPT_FIELDS: [&str; 5] = ["id", "type", "createdAt", "actor", "leadId"];
        let mut scrubbed = 0;
        for event in &mut self.events {
            let fault = |_| Error::internal("an event does not parse");
            let typed: Typed = serde_json::from_str(event.get()).map_err(fault)?;
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
            let typed: Typed = serde_json::from_str(json.get()).map_err(|_| Error::internal("an event has no type"))?;
            let position = FeedPosition { page: first, number, at };
            Ok(FeedEvent { position, event_type: typed.event_type, author: typed.actor, json })
        })
    }
}
