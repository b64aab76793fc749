//! Reads the request body that creates or renames a business.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::filled;
use crate::domain::BusinessInput;

impl RequestBody for BusinessInput {
    const INVALID: &'static str = "Invalid business data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&["id"], |fields| Some(Self { name: fields.required("name", &filled(100))? }))
    }
}
