//! A page of the feed.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{EVENT_RETENTION, EventJson, FeedEnd};
use crate::domain::error::Error;
use crate::domain::{
    Author, EventId, EventSourceItem, EventType, FeedEvent, FeedPosition, Lead, LeadId, OutboxEntry, Team, TeamId,
    Timestamp,
};
use crate::store::keys::attribute::TTL;
use crate::store::keys::attribute::feed_page::COMPRESSED_EVENTS;
use crate::store::keys::{ItemKey, parse_event_page_number};
use crate::store::{TableItem, decode, encode_item, number_value};

/// Maximum number of events in a page of the feed.
pub(super) const MAX_PAGE_EVENTS: usize = 25;
/// Maximum size of a page of events before compression, in bytes. A DynamoDB item has at most 400 KB.
const MAX_PAGE_BYTES: usize = 350_000;

/// The attributes of a feed page without its events.
#[derive(Serialize, Deserialize)]
pub(super) struct PageHead {
    pub at: Timestamp,
    pub sources: Vec<EventSourceItem>,
}

/// A page of the feed: events that were published together.
pub(super) struct FeedPage {
    pub first: u64,
    pub head: PageHead,
    pub events: Vec<Box<RawValue>>,
}

/// The fields of an event's JSON that filters need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilteredFields {
    #[serde(rename = "type")]
    event_type: EventType,
    actor: Author,
    lead_id: LeadId,
}

impl PageHead {
    /// Number of the event after the last one of a page that starts with `first`.
    pub(super) fn next_event_number(&self, first: u64) -> u64 {
        first + self.sources.len() as u64
    }

    pub(super) fn of(item: TableItem) -> Result<(u64, Self), Error> {
        let first = parse_event_page_number(&item).ok_or_else(|| Error::internal("a page of events has no number"))?;
        Ok((first, decode(item)?))
    }
}

impl FeedPage {
    /// Builds the next page: as many unpublished entries as fit. `None` if all entries are published.
    pub(super) fn build_next_page(
        team: &TeamId,
        entries: &[OutboxEntry],
        end: &FeedEnd,
        names: &Team,
        leads: &HashMap<LeadId, Lead>,
        now: Timestamp,
        event_json: &impl EventJson,
    ) -> Result<Option<Self>, Error> {
        let mut page =
            Self { first: end.next, head: PageHead { at: now.max(end.at), sources: Vec::new() }, events: Vec::new() };
        let mut bytes = 0;
        for entry in entries.iter().filter(|entry| !end.known.contains_key(&entry.source)) {
            // The DynamoDB stream may deliver a record twice.
            if page.head.sources.contains(&entry.source) {
                continue;
            }
            let id = EventId::new(team, page.first + page.events.len() as u64);
            let event = event_json(entry, id, leads.get(&entry.lead), names)?;
            bytes += event.get().len();
            if !page.events.is_empty() && (bytes > MAX_PAGE_BYTES || page.events.len() == MAX_PAGE_EVENTS) {
                break;
            }
            page.head.sources.push(entry.source);
            page.events.push(event);
        }
        Ok((!page.events.is_empty()).then_some(page))
    }

    pub(super) fn to_page_item(&self, team: &TeamId) -> Result<TableItem, Error> {
        let mut item = encode_item(ItemKey::EventPage(self.first).of(team), &self.head)?;
        let fault = |error: &dyn std::error::Error| Error::caused_by("events do not compress", error);
        let json = serde_json::to_vec(&self.events).map_err(|error| fault(&error))?;
        let mut compressed = DeflateEncoder::new(Vec::new(), Compression::default());
        compressed.write_all(&json).map_err(|error| fault(&error))?;
        let compressed = compressed.finish().map_err(|error| fault(&error))?;
        item.insert(COMPRESSED_EVENTS.to_owned(), AttributeValue::B(Blob::new(compressed)));
        item.insert(TTL.to_owned(), number_value(self.head.at.saturating_add(EVENT_RETENTION).as_second()));
        Ok(item)
    }

    pub(super) fn of(mut item: TableItem) -> Result<Self, Error> {
        let fault = || Error::internal("the events of a page do not parse");
        let Some(AttributeValue::B(compressed)) = item.remove(COMPRESSED_EVENTS) else { return Err(fault()) };
        let (first, head) = PageHead::of(item)?;
        let mut json = String::new();
        DeflateDecoder::new(compressed.as_ref()).read_to_string(&mut json).map_err(|_| fault())?;
        Ok(Self { first, head, events: serde_json::from_str(&json).map_err(|_| fault())? })
    }

    /// Removes the personal data of these leads from the page's events. Returns the number of events that changed.
    pub(super) fn scrub(&mut self, leads: &BTreeMap<LeadId, Timestamp>) -> Result<usize, Error> {
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

    pub(super) fn into_events(self) -> impl Iterator<Item = Result<FeedEvent, Error>> {
        let Self { first, head: PageHead { at, .. }, events } = self;
        (first..).zip(events).map(move |(number, json)| {
            let typed: FilteredFields =
                serde_json::from_str(json.get()).map_err(|_| Error::internal("an event has no type"))?;
            let position = FeedPosition { page: first, number, at };
            Ok(FeedEvent { position, event_type: typed.event_type, author: typed.actor, json })
        })
    }
}
