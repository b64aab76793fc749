//! The body of a comment.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::filled_lines;
use crate::domain::CommentInput;

/// Maximum length of a comment, in characters.
const MAX_COMMENT_CHARS: usize = 10_000;

/// Read-only fields of a comment in a timeline. Sent back, they have no effect.
const READ_ONLY: &[&str] = &["id", "type", "action", "entityType", "user", "key", "form", "createdAt", "updatedAt"];

impl RequestBody for CommentInput {
    const INVALID: &'static str = "Invalid comment";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(READ_ONLY, |fields| {
            Some(Self { content: fields.required("content", &filled_lines(MAX_COMMENT_CHARS))? })
        })
    }
}
