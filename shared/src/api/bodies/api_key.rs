//! Reads the request body of `POST /keys`, which creates an API key.

use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{
    Validator as _, enum_name_validator, non_empty_single_line_text, rfc3339_time_validator,
};
use crate::domain::ApiKeyInput;

impl RequestBody for ApiKeyInput {
    const INVALID_BODY_MESSAGE: &'static str = Self::INVALID_API_KEY_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&["id", "hint", "createdBy", "createdAt", "lastUsedOn"], |fields| {
            let name = fields.read_required_field("name", &non_empty_single_line_text(100));
            let role = fields.read_required_field("role", &enum_name_validator().with_description("Role of the key."));
            let expires_at = fields.read_optional_field(
                "expiresAt",
                &rfc3339_time_validator().with_description("When the key expires. Never by default."),
            );
            Some(Self { name: name?, role: role?, expires_at: expires_at? })
        })
    }
}
