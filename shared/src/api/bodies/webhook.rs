//! Reads the request bodies that create or change a webhook, or replay failed deliveries of a webhook.

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::form::MAX_URL_CHARS;
use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{
    Validator, boolean_validator, enum_name_validator, multi_line_text, non_empty_array_validator,
    non_empty_single_line_text, rfc3339_time_validator,
};
use crate::domain::{ErrorCode, EventType, NamedEnum as _, ReplayInput, ValidationFault, WebhookInput, WebhookUrl};

/// Maximum length of a webhook's description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 10_000;

/// Validates the URL that a webhook's events are posted to.
struct WebhookUrlValidator;

impl Validator for WebhookUrlValidator {
    type ValidValue = WebhookUrl;

    fn validate_value(&self, value: Value) -> Result<WebhookUrl, ValidationFault> {
        let url = non_empty_single_line_text(MAX_URL_CHARS).validate_value(value)?;
        WebhookUrl::try_from(url).map_err(|message| ErrorCode::InvalidFormat.with_message(message))
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": "uri",
            "minLength": 1,
            "maxLength": MAX_URL_CHARS,
            "description": "URL that events are posted to: `https://` and a public host, without credentials.",
        })
    }
}

impl RequestBody for WebhookInput {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid webhook data";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        let read_only = &["id", "switchedOff", "failingSince", "slowUntil", "createdBy", "createdAt"];
        body.read_object(read_only, |fields| {
            let url = fields.read_required_field("url", &WebhookUrlValidator);
            let types = non_empty_array_validator(EventType::all_values().len(), enum_name_validator())
                .with_description("Types of events that the webhook receives. All by default.");
            let types = fields.read_optional_field("types", &types);
            let description = fields.read_optional_field(
                "description",
                &multi_line_text(MAX_DESCRIPTION_CHARS)
                    .with_description("Free text that says what the webhook is for."),
            );
            let about = "Whether the webhook receives events. `true` by default. Switching it on forgets its failures.";
            let active = fields.read_optional_field("active", &boolean_validator(about));
            Some(Self { url: url?, types: types?, description: description?, active: active? })
        })
    }
}

impl RequestBody for ReplayInput {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid replay";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            let since = rfc3339_time_validator().with_description(
                "Failed deliveries of events that became known at or after this time are sent again.",
            );
            Some(Self { since: fields.read_required_field("since", &since)? })
        })
    }
}
