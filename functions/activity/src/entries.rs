//! Response bodies for the comments and log entries of a lead.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{Action, Author, Comment, CommentId, EntityType, LogEntry, Timestamp};
use shared::store::LogOrComment;

/// A comment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Comment")]
pub struct CommentResponse {
    /// Id of the comment. Ids ascend within a team.
    id: CommentId,
    /// The text of the comment.
    content: String,
    /// Author of the comment.
    #[serde(flatten)]
    author: Author,
    /// Time at which the comment was written.
    created_at: Timestamp,
    /// Time at which the text of the comment was last changed.
    updated_at: Timestamp,
}

impl From<&Comment> for CommentResponse {
    fn from(comment: &Comment) -> Self {
        Self {
            id: comment.id,
            content: comment.content.clone(),
            author: comment.author.clone(),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
        }
    }
}

/// A timeline entry: a log entry or a comment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TimelineEntry {
    /// An entry of the log.
    Log(LoggedEntry),
    /// A comment.
    Comment(CommentEntry),
}

/// Kind of a timeline entry.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TimelineEntryType {
    /// An entry of the log.
    Log,
    /// A comment.
    Comment,
}

/// A log entry in a timeline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedEntry {
    /// `log`
    #[serde(rename = "type")]
    entry_type: TimelineEntryType,
    #[serde(flatten)]
    entry: LogEntry,
}

/// A comment in a timeline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentEntry {
    /// `comment`
    #[serde(rename = "type")]
    entry_type: TimelineEntryType,
    #[serde(flatten)]
    comment: CommentResponse,
    /// `CreateComment`
    action: Action,
    /// `Comment`
    entity_type: EntityType,
}

impl From<LogOrComment> for TimelineEntry {
    fn from(entry: LogOrComment) -> Self {
        match entry {
            LogOrComment::Log(entry) => Self::Log(LoggedEntry { entry_type: TimelineEntryType::Log, entry }),
            LogOrComment::Comment(comment) => {
                let (entry_type, action) = (TimelineEntryType::Comment, Action::CreateComment);
                let comment = CommentResponse::from(&comment);
                Self::Comment(CommentEntry { entry_type, comment, action, entity_type: action.entity_type() })
            }
        }
    }
}
