//! Events: changes of leads and comments, in the feed and in webhook deliveries.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::{
    Action, AgentName, Author, Change, CommentId, Lead, LeadId, LogEntry, LogId, NamedEnum, SortPosition, TeamId,
    Timestamp,
};
use strum::{IntoStaticStr, VariantArray};

/// The type of an event: what happened to a lead or to a comment on it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray,
)]
pub enum EventType {
    /// A lead was created.
    #[serde(rename = "lead.created")]
    #[strum(serialize = "lead.created")]
    LeadCreated,
    /// Fields of a lead other than status, photo and archived flag were changed.
    #[serde(rename = "lead.updated")]
    #[strum(serialize = "lead.updated")]
    LeadUpdated,
    /// A lead was archived.
    #[serde(rename = "lead.archived")]
    #[strum(serialize = "lead.archived")]
    LeadArchived,
    /// A lead was restored.
    #[serde(rename = "lead.restored")]
    #[strum(serialize = "lead.restored")]
    LeadRestored,
    /// A lead's status changed.
    #[serde(rename = "lead.status_changed")]
    #[strum(serialize = "lead.status_changed")]
    LeadStatusChanged,
    /// A lead's photo was set, replaced or removed.
    #[serde(rename = "lead.photo_changed")]
    #[strum(serialize = "lead.photo_changed")]
    LeadPhotoChanged,
    /// A lead was deleted.
    #[serde(rename = "lead.deleted")]
    #[strum(serialize = "lead.deleted")]
    LeadDeleted,
    /// A comment was added.
    #[serde(rename = "comment.created")]
    #[strum(serialize = "comment.created")]
    CommentCreated,
    /// A comment was edited.
    #[serde(rename = "comment.updated")]
    #[strum(serialize = "comment.updated")]
    CommentUpdated,
    /// A comment was deleted.
    #[serde(rename = "comment.deleted")]
    #[strum(serialize = "comment.deleted")]
    CommentDeleted,
}

impl From<Action> for EventType {
    fn from(action: Action) -> Self {
        match action {
            Action::CreateLead => Self::LeadCreated,
            Action::UpdateLead => Self::LeadUpdated,
            Action::ArchiveLead => Self::LeadArchived,
            Action::RestoreLead => Self::LeadRestored,
            Action::ChangeLeadStatus => Self::LeadStatusChanged,
            Action::UploadPhoto | Action::DeletePhoto => Self::LeadPhotoChanged,
            Action::CreateComment => Self::CommentCreated,
            Action::UpdateComment => Self::CommentUpdated,
            Action::DeleteComment => Self::CommentDeleted,
        }
    }
}

/// Upper bound (excluded) of the random number in a ping's id. A [`SortPosition`] has 16 digits for the number.
const PING_NUMBER_LIMIT: u64 = 10_000_000_000_000_000;

/// Id of an event, unique across teams, for example `evt_acme_42`. The numbers of a team's events ascend in the order
/// of publication. Numbers may be skipped; no number is used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    const EVENT_ID_PREFIX: &'static str = "evt_";

    /// The id of a team's event with this number.
    pub fn new(team: &TeamId, number: u64) -> Self {
        Self(format!("{}{}_{number}", Self::EVENT_ID_PREFIX, team.as_str()))
    }

    /// The id of a webhook's test (ping). `random` differs for each test.
    pub fn of_ping(team: &TeamId, random: u64) -> Self {
        Self(format!("ping_{}_{}", team.as_str(), random % PING_NUMBER_LIMIT))
    }

    /// The number at the end of the id.
    pub fn trailing_number(&self) -> u64 {
        self.0.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the id of an event of this team, and returns its number. `None` for other text.
    pub fn parse_number(text: &str, team: &TeamId) -> Option<u64> {
        let (of, number) = text.strip_prefix(Self::EVENT_ID_PREFIX)?.rsplit_once('_')?;
        let number: u64 = number.parse().ok()?;
        (of == team.as_str() && text == Self::new(team, number).0).then_some(number)
    }
}

impl JsonSchema for EventId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EventId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The same however often the event is delivered, and of no other event of any team.",
        })
    }
}

/// Time and author of a deletion, stored in the lead's tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When the lead was deleted.
    pub at: Timestamp,
    /// The author of the deletion.
    #[serde(flatten)]
    pub author: Author,
}

/// The comment that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventComment {
    /// Id of the comment, sequential in the team.
    pub id: CommentId,
    /// Text of the comment; absent after deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub content: Option<String>,
}

/// The item that an event is made from: a log entry or a tombstone. Exactly one event is made from each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventSourceItem {
    /// A log entry.
    #[serde(rename = "log")]
    Log(LogId),
    /// The tombstone of a deleted lead.
    #[serde(rename = "lead")]
    Tombstone(LeadId),
}

/// An author whose events a reader of the feed excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcludedAuthor {
    /// Excludes events of the API key with this id.
    Key(u64),
    /// Excludes events of the form with this id.
    Form(u64),
    /// Excludes events of the user with this id, except those of the user's API keys and forms.
    User(u64),
}

impl ExcludedAuthor {
    /// Parses `key:3`, `form:2` or `user:1`. `None` for other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        let id = id.parse().ok().filter(|id| *id > 0)?;
        match kind {
            "key" => Some(Self::Key(id)),
            "form" => Some(Self::Form(id)),
            "user" => Some(Self::User(id)),
            _ => None,
        }
    }

    fn to_text(self) -> String {
        match self {
            Self::Key(id) => format!("key:{id}"),
            Self::Form(id) => format!("form:{id}"),
            Self::User(id) => format!("user:{id}"),
        }
    }

    fn is(self, author: &Author) -> bool {
        let is = |agent: &Option<AgentName>, id| agent.as_ref().is_some_and(|agent| agent.id == id);
        match self {
            Self::Key(id) => is(&author.key, id),
            Self::Form(id) => is(&author.form, id),
            Self::User(id) => author.user.id == id && author.key.is_none() && author.form.is_none(),
        }
    }
}

/// Filter of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Types of the wanted events. Empty for all types.
    pub types: Vec<EventType>,
    /// Authors whose events are excluded.
    pub not_by: Vec<ExcludedAuthor>,
}

impl EventFilter {
    /// The filter as text in a canonical order. Cursors are bound to this text, so that its format must not change
    /// between releases.
    pub fn canonical_text(&self) -> String {
        let types: BTreeSet<&str> = self.types.iter().map(|one| one.name()).collect();
        let authors: BTreeSet<String> = self.not_by.iter().map(|one| format!("-{}", one.to_text())).collect();
        let all: Vec<&str> = types.into_iter().chain(authors.iter().map(String::as_str)).collect();
        all.join(",")
    }

    /// Whether the filter wants an event of this type and author.
    pub fn matches(&self, event_type: EventType, author: &Author) -> bool {
        (self.types.is_empty() || self.types.contains(&event_type)) && !self.not_by.iter().any(|by| by.is(author))
    }
}

/// A change that awaits publication: the log entry or tombstone that the change's own transaction wrote (transactional
/// outbox).
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// The item that the event is made from.
    pub source: EventSourceItem,
    /// Type of the event.
    pub event_type: EventType,
    /// When the change was made.
    pub created_at: Timestamp,
    /// Author of the change: the user, and the API key or form that acted in the user's name.
    pub actor: Author,
    /// Id of the lead that changed.
    pub lead: LeadId,
    /// Old and new values of the changed fields, by field name.
    pub changes: BTreeMap<String, Change>,
    /// The comment that was created, edited or deleted.
    pub comment: Option<EventComment>,
    /// The last state of a deleted lead. `None` for other changes.
    pub deleted: Option<Box<Lead>>,
}

impl OutboxEntry {
    /// Converts a log entry of a lead to its outbox entry.
    pub fn from_log_entry(lead: LeadId, entry: LogEntry) -> Self {
        let event_type = EventType::from(entry.action);
        let is_comment =
            matches!(event_type, EventType::CommentCreated | EventType::CommentUpdated | EventType::CommentDeleted);
        let content = entry.changes.get("content").and_then(|change| change.current.as_str());
        let comment = CommentId::new(entry.entity_id).filter(|_| is_comment);
        Self {
            source: EventSourceItem::Log(entry.id),
            event_type,
            created_at: entry.created_at,
            comment: comment.map(|id| EventComment { id, content: content.map(str::to_owned) }),
            actor: entry.author,
            lead,
            changes: entry.changes,
            deleted: None,
        }
    }

    /// Converts the tombstone of a deleted lead to its outbox entry.
    pub fn from_tombstone(lead: Lead, deletion: Deletion) -> Self {
        Self {
            source: EventSourceItem::Tombstone(lead.id),
            event_type: EventType::LeadDeleted,
            created_at: deletion.at,
            actor: deletion.author,
            lead: lead.id,
            changes: BTreeMap::new(),
            comment: None,
            deleted: Some(Box::new(lead)),
        }
    }
}

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
    pub const START: Self = Self { page: 1, skip: 0 };

    /// Converts to the [`SortPosition`] that an API cursor encodes.
    pub fn to_position(self) -> SortPosition {
        SortPosition::new(Timestamp::from_millisecond(i64::try_from(self.skip).unwrap_or(i64::MAX)), self.page)
    }

    /// Inverse of [`FeedCursor::to_position`]: reads the cursor from a position. `None` for a position that is not a
    /// feed cursor's.
    pub fn from_position(position: &SortPosition) -> Option<Self> {
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
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn an_event_id_parses_only_for_its_own_team() {
        let team = |text: &str| TeamId::from_str(text).unwrap_or_else(|()| unreachable!());
        let id = EventId::new(&team("a_1"), 7);
        assert_eq!(id.as_str(), "evt_a_1_7");
        assert_eq!(EventId::parse_number(id.as_str(), &team("a_1")), Some(7));
        assert_eq!(EventId::parse_number(id.as_str(), &team("a")), None);
        for none in ["", "7", "evt_a_1_07", "evt_a_1_", "ping_a_1_7", "evt_a_1_x", "evt_b_7"] {
            assert_eq!(EventId::parse_number(none, &team("a_1")), None, "{none}");
        }
    }

    #[test]
    fn a_feed_cursor_round_trips_through_a_position() {
        let cursor = FeedCursor { page: 1_795_347_279_286_234, skip: 24 };
        assert_eq!(FeedCursor::from_position(&cursor.to_position()), Some(cursor));
    }

    #[test]
    fn event_types_serialise_by_their_names() {
        for event_type in EventType::all() {
            assert_eq!(serde_json::json!(event_type), event_type.name());
        }
    }
}
