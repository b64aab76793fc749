//! Reads the request body that creates or edits a comment on a lead.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::non_empty_multi_line;
use crate::domain::CommentInput;

/// Maximum length of a comment, in characters.
const MAX_COMMENT_CHARS: usize = 10_000;

/// Fields of a comment in a timeline response that clients cannot set. The API ignores them, so that the comment can be
/// sent back.
const READ_ONLY_FIELDS: &[&str] =
    &["id", "type", "action", "entityType", "user", "key", "form", "createdAt", "updatedAt"];

impl RequestBody for CommentInput {
    const INVALID_MESSAGE: &'static str = "Invalid comment";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            Some(Self { content: fields.required("content", &non_empty_multi_line(MAX_COMMENT_CHARS))? })
        })
    }
}
