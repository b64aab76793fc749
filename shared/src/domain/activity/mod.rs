//! Log entries of leads. The transaction that makes a change also writes the log entry.

pub(super) mod comment;
pub(super) mod position;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Actor, Author, ExternalIds, Lead, LeadDetails, LeadSummary, LogId, SortPosition, Team, Timestamp};

/// The kind of change that a log entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Action {
    /// A lead was created.
    CreateLead,
    /// Fields of a lead other than status, photo and archived flag changed.
    UpdateLead,
    /// A lead was archived.
    ArchiveLead,
    /// An archived lead was restored.
    RestoreLead,
    /// A lead's status changed.
    ChangeLeadStatus,
    /// A lead was given a photo.
    UploadPhoto,
    /// A lead's photo was removed.
    DeletePhoto,
    /// A comment was added.
    CreateComment,
    /// The text of a comment changed.
    UpdateComment,
    /// A comment was deleted.
    DeleteComment,
}

impl Action {
    /// Maximum number of log entries that one change of a lead writes: one each for fields, status and photo. A
    /// submission that restores an archived lead writes at most two, because it changes neither status nor photo.
    pub const MAX_LOG_ENTRIES_PER_CHANGE: usize = 3;

    /// The kind of change under which the log records a changed field. `current` is the field's new value.
    fn action_for_changed_field(name: &str, current: &Value) -> Self {
        match (name, current) {
            ("status" | "statusId", _) => Self::ChangeLeadStatus,
            ("archived", Value::Bool(true)) => Self::ArchiveLead,
            ("archived", _) => Self::RestoreLead,
            ("photo", photo) if is_empty_json(photo) => Self::DeletePhoto,
            ("photo", _) => Self::UploadPhoto,
            _ => Self::UpdateLead,
        }
    }

    /// Whether the action changes a lead or a comment.
    pub fn entity_type(self) -> EntityType {
        match self {
            Self::CreateComment | Self::UpdateComment | Self::DeleteComment => EntityType::Comment,
            Self::CreateLead
            | Self::UpdateLead
            | Self::ArchiveLead
            | Self::RestoreLead
            | Self::ChangeLeadStatus
            | Self::UploadPhoto
            | Self::DeletePhoto => EntityType::Lead,
        }
    }
}

/// Whether a log entry is about a lead or about a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EntityType {
    /// A lead.
    Lead,
    /// A comment on a lead.
    Comment,
}

/// Old and new value of a changed field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Value before the change; `null` if there was none.
    pub previous: Value,
    /// Value after the change.
    pub current: Value,
}

/// One entry of a lead's log. Entries never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Id of the log entry, sequential in the team.
    pub id: LogId,
    /// The kind of change.
    pub action: Action,
    /// Whether the entry is about the lead or about a comment.
    pub entity_type: EntityType,
    /// Id of the lead or comment that the entry is about.
    pub entity_id: u64,
    /// Author of the change: the user, and the API key or form that acted in the user's name.
    #[serde(flatten)]
    pub author: Author,
    /// When the change was made.
    pub created_at: Timestamp,
    /// Old and new values of the changed fields, by field name.
    pub changes: BTreeMap<String, Change>,
}

impl LogEntry {
    /// A log entry for a change that `actor` makes.
    pub fn new(actor: &Actor, id: LogId, action: Action, entity_id: u64, changes: BTreeMap<String, Change>) -> Self {
        let (entity_type, author) = (action.entity_type(), actor.author());
        Self { id, action, entity_type, entity_id, author, created_at: actor.at, changes }
    }

    /// Sets the time of the change. Without this, the entry has the time of the request.
    #[must_use]
    pub fn at(self, created_at: Timestamp) -> Self {
        Self { created_at, ..self }
    }

    /// Sort position of the entry in the lead's timeline.
    pub fn sort_position(&self) -> SortPosition {
        SortPosition::new(self.created_at, self.id.get())
    }
}

/// The logged values of a lead: its fields, and the name of its status.
#[derive(Serialize)]
struct LoggedLead<'a> {
    #[serde(flatten)]
    summary: &'a LeadSummary,
    #[serde(flatten)]
    details: &'a LeadDetails,
    status: Option<&'a str>,
}

/// Fields of a lead that log entries leave out, because their values never change.
const UNLOGGED_FIELDS: [&str; 3] = ["id", "createdAt", "sortPosition"];

fn logged_fields(lead: &Lead, team: &Team) -> Map<String, Value> {
    let status = team.status(lead.status_id).map(|status| status.name.as_str());
    let Value::Object(mut fields) = json!(LoggedLead { summary: &lead.summary, details: &lead.details, status }) else {
        return Map::new();
    };
    for name in UNLOGGED_FIELDS {
        fields.remove(name);
    }
    fields.extend(lead.external_ids.iter().map(|(system, id)| (ExternalIds::dotted_name(system), json!(id))));
    fields
}

fn is_empty_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

impl Change {
    /// The change of a comment's text. `previous` is `None` for a new comment, `current` for a deleted one.
    pub fn comment_content_change(previous: Option<&str>, current: Option<&str>) -> BTreeMap<String, Self> {
        BTreeMap::from([("content".to_owned(), Self { previous: json!(previous), current: json!(current) })])
    }

    /// Groups changed fields by action: one log entry is written for each group.
    pub fn group_by_action(changes: BTreeMap<String, Self>) -> BTreeMap<Action, BTreeMap<String, Self>> {
        let mut entries: BTreeMap<Action, BTreeMap<String, Self>> = BTreeMap::new();
        for (name, change) in changes {
            let action = Action::action_for_changed_field(&name, &change.current);
            entries.entry(action).or_default().insert(name, change);
        }
        entries
    }

    /// The fields that differ between two versions of a lead. `before` is `None` for a new lead, whose empty fields are
    /// left out.
    pub fn changes_between_leads(before: Option<&Lead>, after: &Lead, team: &Team) -> BTreeMap<String, Self> {
        let mut previous = before.map(|lead| logged_fields(lead, team)).unwrap_or_default();
        let mut changes = BTreeMap::new();
        for (field, current) in logged_fields(after, team) {
            let previous = previous.remove(&field).unwrap_or_default();
            let unset = before.is_none() && is_empty_json(&current);
            if previous != current && !unset {
                changes.insert(field, Self { previous, current });
            }
        }
        // Every lead has every field, except that it may have lost an external id.
        let removed = previous.into_iter().map(|(field, previous)| (field, Self { previous, current: Value::Null }));
        changes.extend(removed);
        changes
    }
}
