//! Reads the request body of `POST /keys`, which creates an API key.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{Validator as _, enum_name, non_empty_line, rfc3339_time};
use crate::domain::ApiKeyInput;

impl RequestBody for ApiKeyInput {
    const INVALID_MESSAGE: &'static str = Self::INVALID_API_KEY_MESSAGE;

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(&["id", "hint", "createdBy", "createdAt", "lastUsedOn"], |fields| {
            let name = fields.required("name", &non_empty_line(100));
            let role = fields.required("role", &enum_name().with_description("Role of the key."));
            let expires_at = fields
                .optional("expiresAt", &rfc3339_time().with_description("When the key expires. Never by default."));
            Some(Self { name: name?, role: role?, expires_at: expires_at? })
        })
    }
}
