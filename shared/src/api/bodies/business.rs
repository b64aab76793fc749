//! Reads the request body that creates or renames a business.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::non_empty_line;
use crate::domain::BusinessInput;

impl RequestBody for BusinessInput {
    const INVALID_MESSAGE: &'static str = "Invalid business data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(&["id"], |fields| Some(Self { name: fields.required("name", &non_empty_line(100))? }))
    }
}
