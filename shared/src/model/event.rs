//! Events: what changed, as others hear of it (spec section 12).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::rule::Named;
use super::{
    Action, AgentName, Author, Change, CommentId, Lead, LeadId, LeadResponse, LogEntry, LogId, Position, Team, TeamId,
    Timestamp,
};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum EventType {
    /// A lead was created.
    #[serde(rename = "lead.created")]
    LeadCreated,
    /// Fields of a lead were changed.
    #[serde(rename = "lead.updated")]
    LeadUpdated,
    /// A lead was archived.
    #[serde(rename = "lead.archived")]
    LeadArchived,
    /// A lead was restored.
    #[serde(rename = "lead.restored")]
    LeadRestored,
    /// A lead has another status.
    #[serde(rename = "lead.status_changed")]
    LeadStatusChanged,
    /// A lead has another photo, or none.
    #[serde(rename = "lead.photo_changed")]
    LeadPhotoChanged,
    /// A lead was deleted.
    #[serde(rename = "lead.deleted")]
    LeadDeleted,
    /// A comment was added.
    #[serde(rename = "comment.created")]
    CommentCreated,
    /// A comment was edited.
    #[serde(rename = "comment.updated")]
    CommentUpdated,
    /// A comment was deleted.
    #[serde(rename = "comment.deleted")]
    CommentDeleted,
}

impl Named for EventType {
    const ALL: &'static [Self] = &[
        Self::LeadCreated,
        Self::LeadUpdated,
        Self::LeadArchived,
        Self::LeadRestored,
        Self::LeadStatusChanged,
        Self::LeadPhotoChanged,
        Self::LeadDeleted,
        Self::CommentCreated,
        Self::CommentUpdated,
        Self::CommentDeleted,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::LeadCreated => "lead.created",
            Self::LeadUpdated => "lead.updated",
            Self::LeadArchived => "lead.archived",
            Self::LeadRestored => "lead.restored",
            Self::LeadStatusChanged => "lead.status_changed",
            Self::LeadPhotoChanged => "lead.photo_changed",
            Self::LeadDeleted => "lead.deleted",
            Self::CommentCreated => "comment.created",
            Self::CommentUpdated => "comment.updated",
            Self::CommentDeleted => "comment.deleted",
        }
    }
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

/// Greater than any number that an id ends with.
const LARGEST: u64 = 10_000_000_000_000_000;

/// The id of an event, unique among those of all teams: `evt_team_number`. The numbers of a team are in the order in which
/// its events became known; there are gaps, and none is used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    const PREFIX: &'static str = "evt_";

    /// The id of a team's event.
    pub fn new(team: &TeamId, number: u64) -> Self {
        Self(format!("{}{}_{number}", Self::PREFIX, team.as_str()))
    }

    /// The id of what is sent to try a webhook; `random` is another one each time.
    pub fn of_ping(team: &TeamId, random: u64) -> Self {
        Self(format!("ping_{}_{}", team.as_str(), random % LARGEST))
    }

    /// The number that it ends with.
    pub fn suffix(&self) -> u64 {
        self.0.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of an event of this team; `None` for what is no id of one.
    pub fn number(text: &str, team: &TeamId) -> Option<u64> {
        let (of, number) = text.strip_prefix(Self::PREFIX)?.rsplit_once('_')?;
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

/// What a tombstone tells of the deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When the lead was deleted.
    pub at: Timestamp,
    /// Who deleted it.
    #[serde(flatten)]
    pub author: Author,
}

/// A comment, as an event tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventComment {
    /// Sequential in the team.
    pub id: CommentId,
    /// Its text; not there once it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub content: Option<String>,
}

/// What wrote an event: nothing else makes one, and it makes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventSource {
    /// A log entry.
    #[serde(rename = "log")]
    Log(LogId),
    /// The tombstone of a lead.
    #[serde(rename = "lead")]
    Tombstone(LeadId),
}

/// Whose events a reader of the feed leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBy {
    /// What an API key did.
    Key(u64),
    /// What came through a form.
    Form(u64),
    /// What a person did without a key.
    User(u64),
}

impl NotBy {
    /// `key:3`, `form:2` or `user:1`; `None` for anything else.
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

    fn text(self) -> String {
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

/// Which events of the feed are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Any of these; every type when there is none.
    pub types: Vec<EventType>,
    /// None of these.
    pub not_by: Vec<NotBy>,
}

impl EventFilter {
    /// What a cursor is bound to, for as long as readers keep one: whatever order the filter was written in.
    pub fn text(&self) -> String {
        let types: BTreeSet<&str> = self.types.iter().map(|one| one.name()).collect();
        let authors: BTreeSet<String> = self.not_by.iter().map(|one| format!("-{}", one.text())).collect();
        let all: Vec<&str> = types.into_iter().chain(authors.iter().map(String::as_str)).collect();
        all.join(",")
    }

    /// Whether an event of this type and author is asked for.
    pub fn holds(&self, event_type: EventType, author: &Author) -> bool {
        (self.types.is_empty() || self.types.contains(&event_type)) && !self.not_by.iter().any(|by| by.is(author))
    }
}

/// Something that happened to a lead, as the transaction wrote it that made it happen (transactional outbox).
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// What wrote it.
    pub source: EventSource,
    /// What happened.
    pub event_type: EventType,
    /// When.
    pub created_at: Timestamp,
    /// Who did it.
    pub actor: Author,
    /// The lead that it happened to.
    pub lead: LeadId,
    /// By field: only what differs.
    pub changes: BTreeMap<String, Change>,
    /// The comment that it happened to.
    pub comment: Option<EventComment>,
    /// The last state of a lead that was deleted.
    pub deleted: Option<Box<Lead>>,
}

impl OutboxEntry {
    /// Of a log entry of a lead.
    pub fn of_log(lead: LeadId, entry: LogEntry) -> Self {
        let event_type = EventType::from(entry.action);
        let is_comment =
            matches!(event_type, EventType::CommentCreated | EventType::CommentUpdated | EventType::CommentDeleted);
        let content = entry.changes.get("content").and_then(|change| change.current.as_str());
        let comment = CommentId::new(entry.entity_id).filter(|_| is_comment);
        Self {
            source: EventSource::Log(entry.id),
            event_type,
            created_at: entry.created_at,
            comment: comment.map(|id| EventComment { id, content: content.map(str::to_owned) }),
            actor: entry.author,
            lead,
            changes: entry.changes,
            deleted: None,
        }
    }

    /// Of the tombstone of a lead.
    pub fn of_tombstone(lead: Lead, deletion: Deletion) -> Self {
        Self {
            source: EventSource::Tombstone(lead.id),
            event_type: EventType::LeadDeleted,
            created_at: deletion.at,
            actor: deletion.author,
            lead: lead.id,
            changes: BTreeMap::new(),
            comment: None,
            deleted: Some(Box::new(lead)),
        }
    }

    /// The event that this becomes; `lead` is the lead after it or later, or its tombstone. Where nothing is left of the lead,
    /// nothing of it is told either.
    pub fn event(self, id: EventId, lead: Option<&Lead>, team: &Team) -> Event {
        let is_gone = lead.is_none();
        let lead = lead.map(|lead| self.deleted.as_deref().unwrap_or(lead));
        Event {
            id,
            event_type: self.event_type,
            created_at: self.created_at,
            actor: self.actor,
            lead_id: self.lead,
            lead: lead.map(|lead| team.lead(lead)),
            changes: if is_gone { BTreeMap::new() } else { self.changes },
            comment: self.comment.filter(|_| !is_gone),
        }
    }
}

/// Something that happened to a lead.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// See [`EventId`].
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it happened.
    pub created_at: Timestamp,
    /// Who did it.
    pub actor: Author,
    /// The lead that it happened to.
    pub lead_id: LeadId,
    /// The lead after it or later, as its `version` tells; of a deleted lead its last state. A read by its id gives the same
    /// with `photoUrl`, which would expire on the event's way. Not there when the lead was gone before the event became known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LeadResponse")]
    pub lead: Option<LeadResponse>,
    /// By field: only what differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub changes: BTreeMap<String, Change>,
    /// The comment that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventComment")]
    pub comment: Option<EventComment>,
}

/// What is sent to try a webhook.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// See [`EventId`].
    pub id: EventId,
    /// Nothing happened.
    #[serde(rename = "type")]
    #[schemars(extend("const" = Ping::TYPE))]
    pub event_type: &'static str,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl Ping {
    /// What stands for the type of an event.
    pub const TYPE: &'static str = "ping";
}

/// Where an event stands in the feed of its team, and when it became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedPosition {
    /// The number of the first event that is stored with it.
    pub page: u64,
    /// Its own number.
    pub number: u64,
    /// When it became known.
    pub at: Timestamp,
}

impl FeedPosition {
    /// Where its delivery stands among those of a webhook.
    pub fn sort_position(&self) -> Position {
        Position::new(self.at, self.number)
    }
}

/// How far a reader of a feed has come: what is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCursor {
    /// The number of the first event of a page, or of the event to come.
    pub page: u64,
    /// How many events of the page were read.
    pub skip: u64,
}

impl FeedCursor {
    /// Before the first event of a team.
    pub const START: Self = Self { page: 1, skip: 0 };

    /// As it stands in a cursor.
    pub fn to_position(self) -> Position {
        Position::new(Timestamp::from_millisecond(i64::try_from(self.skip).unwrap_or(i64::MAX)), self.page)
    }

    /// What [`FeedCursor::to_position`] wrote.
    pub fn of_position(position: &Position) -> Option<Self> {
        let (skip, page) = position.as_str().split_once('-')?;
        Some(Self { page: page.parse().ok()?, skip: skip.parse().ok()? })
    }
}

/// An event of the feed, as it is told: always the same bytes, until its lead is deleted.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    /// Where it stands.
    pub position: FeedPosition,
    /// What happened.
    pub event_type: EventType,
    /// Who did it.
    pub author: Author,
    /// An [`Event`] as JSON.
    pub json: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn an_id_is_one_of_its_team_alone() {
        let team = |text: &str| TeamId::from_str(text).unwrap_or_else(|()| unreachable!());
        let id = EventId::new(&team("a_1"), 7);
        assert_eq!(id.as_str(), "evt_a_1_7");
        assert_eq!(EventId::number(id.as_str(), &team("a_1")), Some(7));
        assert_eq!(EventId::number(id.as_str(), &team("a")), None);
        for none in ["", "7", "evt_a_1_07", "evt_a_1_", "ping_a_1_7", "evt_a_1_x", "evt_b_7"] {
            assert_eq!(EventId::number(none, &team("a_1")), None, "{none}");
        }
    }

    #[test]
    fn a_reader_finds_back() {
        let cursor = FeedCursor { page: 1_795_347_279_286_234, skip: 24 };
        assert_eq!(FeedCursor::of_position(&cursor.to_position()), Some(cursor));
    }

    #[test]
    fn types_are_written_by_their_names() {
        for event_type in EventType::ALL {
            assert_eq!(serde_json::json!(event_type), event_type.name());
        }
    }
}
