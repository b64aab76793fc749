//! The log of a lead: every change, written in its transaction (spec section 5).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Actor, Author, Lead, LeadDetails, LeadSummary, LogId, Position, Team, Timestamp};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Action {
    /// A lead was created.
    CreateLead,
    /// Fields of a lead changed that have no action of their own.
    UpdateLead,
    /// A lead was archived.
    ArchiveLead,
    /// An archived lead was restored.
    RestoreLead,
    /// A lead was given another status.
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
    /// Log entries of one change of a lead at most: of its fields, its status and its photo. No request changes these and the
    /// archived flag together.
    pub const MAX_OF_A_CHANGE: usize = 3;

    /// What a changed field says was done, whichever request changed it (spec section 5).
    fn of_field(name: &str, current: &Value) -> Self {
        match (name, current) {
            ("status" | "statusId", _) => Self::ChangeLeadStatus,
            ("archived", Value::Bool(true)) => Self::ArchiveLead,
            ("archived", _) => Self::RestoreLead,
            ("photo", photo) if is_empty(photo) => Self::DeletePhoto,
            ("photo", _) => Self::UploadPhoto,
            _ => Self::UpdateLead,
        }
    }

    /// What it is done to.
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

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EntityType {
    /// A lead.
    Lead,
    /// A comment on a lead.
    Comment,
}

/// One field's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Before; `null` when there was nothing.
    pub previous: Value,
    /// After.
    pub current: Value,
}

/// One entry of a lead's log; never edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Sequential in the team.
    pub id: LogId,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub entity_type: EntityType,
    /// The id of the lead or comment.
    pub entity_id: u64,
    /// Who did it.
    #[serde(flatten)]
    pub author: Author,
    /// When it was written.
    pub created_at: Timestamp,
    /// By field: only what differs.
    pub changes: BTreeMap<String, Change>,
}

impl LogEntry {
    /// An entry of `actor`'s doing.
    pub fn new(actor: &Actor, id: LogId, action: Action, entity_id: u64, changes: BTreeMap<String, Change>) -> Self {
        let (entity_type, author) = (action.entity_type(), actor.author());
        Self { id, action, entity_type, entity_id, author, created_at: actor.at, changes }
    }

    /// The same, written at another time than the actor's request arrived.
    #[must_use]
    pub fn at(self, created_at: Timestamp) -> Self {
        Self { created_at, ..self }
    }

    /// Where it stands in the lead's timeline.
    pub fn sort_position(&self) -> Position {
        Position::new(self.created_at, self.id.get())
    }
}

/// What a log speaks of: all that a lead says, and the name of its status.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    summary: &'a LeadSummary,
    #[serde(flatten)]
    details: &'a LeadDetails,
    status: Option<&'a str>,
}

/// What every log entry says of itself, and where the lead stands in lists.
const NOT_LOGGED: [&str; 3] = ["id", "createdAt", "sortPosition"];

fn fields(lead: &Lead, team: &Team) -> Value {
    let status = team.status(lead.status_id).map(|status| status.name.as_str());
    let mut said = json!(Said { summary: &lead.summary, details: &lead.details, status });
    for name in NOT_LOGGED {
        said.as_object_mut().and_then(|said| said.remove(name));
    }
    said
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

impl Change {
    /// A comment's text before and after, where there is one.
    pub fn of_content(previous: Option<&str>, current: Option<&str>) -> BTreeMap<String, Self> {
        BTreeMap::from([("content".to_owned(), Self { previous: json!(previous), current: json!(current) })])
    }

    /// The changes of each log entry that a change of a lead writes, by its action.
    pub fn by_action(changes: BTreeMap<String, Self>) -> BTreeMap<Action, BTreeMap<String, Self>> {
        let mut entries: BTreeMap<Action, BTreeMap<String, Self>> = BTreeMap::new();
        for (name, change) in changes {
            let action = Action::of_field(&name, &change.current);
            entries.entry(action).or_default().insert(name, change);
        }
        entries
    }

    /// What differs between two versions of a lead; `None` is a lead that did not exist yet.
    pub fn between(before: Option<&Lead>, after: &Lead, team: &Team) -> BTreeMap<String, Self> {
        let mut previous = before.map_or(Value::Null, |lead| fields(lead, team));
        let mut changes = BTreeMap::new();
        if let Value::Object(current) = fields(after, team) {
            for (field, current) in current {
                let previous = previous.get_mut(&field).map(Value::take).unwrap_or_default();
                let unset = before.is_none() && is_empty(&current);
                if previous != current && !unset {
                    changes.insert(field, Self { previous, current });
                }
            }
        }
        changes
    }
}
