//! Reads the request body that creates or renames a business.

use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::non_empty_single_line_text;
use crate::domain::BusinessInput;

impl RequestBody for BusinessInput {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid business data";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&["id"], |fields| {
            Some(Self { name: fields.read_required_field("name", &non_empty_single_line_text(100))? })
        })
    }
}
