//! Errors as answers have them.

use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::error::{Error, ErrorKind};
use crate::domain::{ErrorCode, ExistingLead, FieldError, LeadId};

/// The HTTP status of an error.
pub fn status_of(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// An error. Every error has this shape.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Error")]
pub struct Envelope<'a> {
    /// What went wrong.
    message: &'a str,
    /// The cause, for programs. `invalid_request` if several fields are bad. Absent if the gateway itself refused the
    /// request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ErrorCode")]
    code: Option<ErrorCode>,
    /// Details.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    description: Option<&'a str>,
    /// Every bad field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The lead that has the e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    existing: Option<ExistingLead>,
    /// Ids of the leads that are in the state that the bulk request asked for, if the request failed partway.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    applied: &'a [LeadId],
    /// Id of the request in the log. Absent if the gateway itself refused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    request_id: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// The envelope of an error.
    pub fn of(error: &'a Error, request_id: &'a str) -> Self {
        Self {
            message: error.message(),
            code: Some(error.code()),
            description: error.description(),
            errors: error.fields(),
            existing: error.existing(),
            applied: error.applied_leads(),
            request_id: Some(request_id),
        }
    }
}
