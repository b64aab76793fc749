//! Events: changes of leads and comments, in the feed and in webhook deliveries.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Action, Author, Change, CommentId, Lead, LeadId, LogEntry, LogId, Timestamp};
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

/// Time and author of a deletion, stored in the lead's tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Time at which the lead was deleted.
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

/// A change that awaits publication: the log entry or tombstone that the change's own transaction wrote (transactional
/// outbox).
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// The item that the event is made from.
    pub source: EventSourceItem,
    /// Type of the event.
    pub event_type: EventType,
    /// Time at which the lead or comment was changed.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NamedEnum as _;

    #[test]
    fn event_types_serialise_by_their_names() {
        for event_type in EventType::all_values() {
            assert_eq!(serde_json::json!(event_type), event_type.value_name());
        }
    }
}
