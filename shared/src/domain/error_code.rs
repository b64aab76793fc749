//! Error codes: programs decide by the code, people read the message.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cause of an error. One cause has one code, and a code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Several fields are bad; `errors` has a code for each.
    InvalidRequest,
    /// The body is not JSON.
    MalformedJson,
    /// The body is not complete `multipart/form-data`.
    MalformedForm,
    /// The path or the query string has characters that must be percent-encoded.
    MalformedUrl,
    /// The API has no such route.
    RouteNotFound,
    /// The role of the token or API key does not allow the request.
    AccessDenied,
    /// The form does not accept posts from this page's origin.
    OriginNotAllowed,
    /// The team has no such lead.
    LeadNotFound,
    /// The team has no such comment.
    CommentNotFound,
    /// The team has no such photo.
    PhotoNotFound,
    /// The team has no such API key.
    ApiKeyNotFound,
    /// There is no such view, or it belongs to another user.
    ViewNotFound,
    /// There is no such form, or it is inactive.
    FormNotFound,
    /// The team has no such webhook.
    WebhookNotFound,
    /// The team has no such event, or it has expired.
    EventNotFound,
    /// There is no such public file.
    FileNotFound,
    /// The team has no such status.
    UnknownStatus,
    /// The team has no such business.
    UnknownBusiness,
    /// Another lead of the team already has the e-mail address.
    EmailExists,
    /// Another lead of the team already has the external id.
    ExternalIdExists,
    /// The external id and the e-mail address belong to different leads, or the lead with the address has another id in
    /// that system.
    MatchConflict,
    /// Another status of the team already has the name.
    StatusExists,
    /// Another business of the team already has the name.
    BusinessExists,
    /// The status cannot be deleted, because leads have it.
    StatusInUse,
    /// The team's last status cannot be deleted.
    LastStatus,
    /// The business cannot be deleted, because leads belong to it.
    BusinessInUse,
    /// The team has the maximum number of statuses.
    TooManyStatuses,
    /// The team has the maximum number of businesses.
    TooManyBusinesses,
    /// The team has the maximum number of API keys.
    TooManyApiKeys,
    /// The team has the maximum number of forms.
    TooManyForms,
    /// The user has the maximum number of views.
    TooManyViews,
    /// The team has the maximum number of shared views.
    TooManySharedViews,
    /// The team has the maximum number of webhooks.
    TooManyWebhooks,
    /// Two statuses were given the same place in the order.
    AmbiguousOrder,
    /// The webhook is switched off.
    WebhookInactive,
    /// Other requests kept changing the same data.
    Conflict,
    /// The lead has another version than `If-Match` names.
    VersionMismatch,
    /// The body is larger than the route accepts.
    PayloadTooLarge,
    /// The route does not accept the body's media type.
    UnsupportedMediaType,
    /// The form received too many posts in this minute.
    RateLimited,
    /// A dependency is slow, throttled or down. The request may be sent again. `applied` lists the leads that a bulk
    /// request has changed already.
    Unavailable,
    /// It is unknown whether the request was applied, because a dependency did not answer in time.
    OutcomeUnknown,
    /// The API itself failed.
    InternalError,
    /// The `Idempotency-Key` is not 1-255 visible ASCII characters.
    InvalidIdempotencyKey,
    /// The `Idempotency-Key` was used for another request.
    IdempotencyKeyReused,

    /// The required field or parameter is absent.
    Required,
    /// The request has no field with this name.
    UnknownField,
    /// The endpoint has no query parameter with this name.
    UnknownParameter,
    /// The request contains the field more than once.
    DuplicateField,
    /// The value has the wrong JSON type.
    InvalidType,
    /// The text or number is not in the format of the field.
    InvalidFormat,
    /// The value is not one of those that the field accepts.
    InvalidValue,
    /// The number, size or period is too small or too large.
    OutOfRange,
    /// The text is empty, or has no visible character.
    Empty,
    /// The text has too many characters.
    TooLong,
    /// The text has control characters.
    ControlCharacters,
    /// The list has too many or too few items.
    InvalidLength,
    /// The value is given twice.
    Duplicate,
    /// The field cannot be cleared.
    CannotBeCleared,
    /// A lead needs an e-mail address or a phone number.
    ContactRequired,
    /// The photo is not an uploaded photo of the team, or another lead has it.
    PhotoUnavailable,
    /// The file is not an image that the API accepts.
    InvalidImage,
    /// The cursor belongs to another list, team or filter.
    InvalidCursor,
    /// The time must be in the future.
    NotInFuture,
    /// The host has no public address.
    AddressNotPublic,
}

impl ErrorCode {
    /// A fault with this code. `message` continues a sentence that begins with the field's name: `must be a string`.
    pub fn with_message(self, message: impl Into<Cow<'static, str>>) -> ValidationFault {
        ValidationFault { code: self, message: message.into() }
    }
}

/// The fault of a bad value: error code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationFault {
    /// The error code.
    pub code: ErrorCode,
    /// Message that continues a sentence beginning with the field's name: `must be a string`.
    pub message: Cow<'static, str>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn error_codes_serialise_to_their_fixed_names() {
        for (code, text) in [
            (ErrorCode::EmailExists, "email_exists"),
            (ErrorCode::ExternalIdExists, "external_id_exists"),
            (ErrorCode::MatchConflict, "match_conflict"),
            (ErrorCode::LeadNotFound, "lead_not_found"),
            (ErrorCode::UnknownStatus, "unknown_status"),
            (ErrorCode::RateLimited, "rate_limited"),
            (ErrorCode::TooLong, "too_long"),
            (ErrorCode::InvalidRequest, "invalid_request"),
            (ErrorCode::ApiKeyNotFound, "api_key_not_found"),
            (ErrorCode::ViewNotFound, "view_not_found"),
            (ErrorCode::TooManyViews, "too_many_views"),
            (ErrorCode::TooManySharedViews, "too_many_shared_views"),
        ] {
            assert_eq!(json!(code), text);
        }
    }
}
