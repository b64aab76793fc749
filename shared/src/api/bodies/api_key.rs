//! Reads the request body of `POST /keys`, which creates an API key.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{Validator as _, filled, moment, one_of};
use crate::domain::ApiKeyInput;

impl RequestBody for ApiKeyInput {
    const INVALID: &'static str = Self::INVALID_DATA;

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&["id", "hint", "createdBy", "createdAt", "lastUsedOn"], |fields| {
            let name = fields.required("name", &filled(100));
            let role = fields.required("role", &one_of().describe("Role of the key."));
            let expires_at =
                fields.optional("expiresAt", &moment().describe("When the key expires. Never by default."));
            Some(Self { name: name?, role: role?, expires_at: expires_at? })
        })
    }
}
