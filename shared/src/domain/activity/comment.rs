//! Comments on a lead.

use serde::{Deserialize, Serialize};

use crate::domain::{Actor, Author, CommentId, LeadId, SortPosition, Timestamp};

/// A comment on a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Id of the comment, sequential in the team.
    pub id: CommentId,
    /// The lead that the comment is on.
    pub lead: LeadId,
    /// Text of the comment, 1-10,000 characters.
    pub content: String,
    /// Author of the comment: the user, and the API key or form that acted in the user's name.
    #[serde(flatten)]
    pub author: Author,
    /// When the comment was written.
    pub created_at: Timestamp,
    /// When the text of the comment was last changed.
    pub updated_at: Timestamp,
    /// Version of the comment. Every edit adds one.
    pub version: u64,
}

impl Comment {
    /// A new comment by `actor`.
    pub fn new(id: CommentId, lead: LeadId, content: String, actor: &Actor, at: Timestamp) -> Self {
        Self { id, lead, content, author: actor.author(), created_at: at, updated_at: at, version: 1 }
    }

    /// Sort position of the comment in the lead's timeline.
    pub fn sort_position(&self) -> SortPosition {
        SortPosition::of_comment(self.created_at, self.id)
    }
}

/// The body of POST and PUT /leads/comments/{id}.
#[derive(Clone, Debug)]
pub struct CommentInput {
    /// Text of the comment, see [`Comment::content`].
    pub content: String,
}
