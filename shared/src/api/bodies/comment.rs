//! Reads the request body that creates or edits a comment on a lead.

use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::non_empty_multi_line_text;
use crate::domain::CommentInput;

/// Maximum length of a comment, in characters.
const MAX_COMMENT_CHARS: usize = 10_000;

/// Fields of a comment in a timeline response that clients cannot set. The API ignores them, so that the comment can be
/// sent back.
const READ_ONLY_FIELDS: &[&str] =
    &["id", "type", "action", "entityType", "user", "key", "form", "createdAt", "updatedAt"];

impl RequestBody for CommentInput {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid comment";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            Some(Self {
                content: fields.read_required_field("content", &non_empty_multi_line_text(MAX_COMMENT_CHARS))?,
            })
        })
    }
}
