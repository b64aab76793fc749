//! Reads the request bodies that create or change a webhook, or replay failed deliveries of a webhook.

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::form::MAX_URL_CHARS;
use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{Validator, boolean, filled, filled_list, lines, moment, one_of};
use crate::domain::{Destination, ErrorCode, EventType, Fault, Named as _, ReplayInput, WebhookInput};

/// Maximum length of a webhook's description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 10_000;

/// Validates the URL that a webhook's events are posted to.
struct Url;

impl Validator for Url {
    type Value = Destination;

    fn read(&self, value: Value) -> Result<Destination, Fault> {
        let url = filled(MAX_URL_CHARS).read(value)?;
        Destination::try_from(url).map_err(|message| ErrorCode::InvalidFormat.fault(message))
    }

    fn schema(&self) -> Schema {
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
    const INVALID: &'static str = "Invalid webhook data";

    fn read(body: impl BodyReader) -> Option<Self> {
        let read_only = &["id", "switchedOff", "failingSince", "slowUntil", "createdBy", "createdAt"];
        body.object(read_only, |fields| {
            let url = fields.required("url", &Url);
            let types = filled_list(EventType::all().len(), one_of())
                .describe("Types of events that the webhook receives. All by default.");
            let types = fields.optional("types", &types);
            let description = fields.optional(
                "description",
                &lines(MAX_DESCRIPTION_CHARS).describe("Free text that says what the webhook is for."),
            );
            let about = "Whether the webhook receives events. `true` by default. Switching it on forgets its failures.";
            let active = fields.optional("active", &boolean(about));
            Some(Self { url: url?, types: types?, description: description?, active: active? })
        })
    }
}

impl RequestBody for ReplayInput {
    const INVALID: &'static str = "Invalid replay";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| {
            let since = moment()
                .describe("Failed deliveries of events that became known at or after this time are sent again.");
            Some(Self { since: fields.required("since", &since)? })
        })
    }
}
