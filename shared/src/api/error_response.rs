//! HTTP status and JSON body of error responses.

use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::error::{Error, ErrorKind};
use crate::domain::{ErrorCode, ExistingLead, FieldError, LeadId};

/// The HTTP status of an error.
pub fn http_status(error: &Error) -> StatusCode {
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

/// The JSON body of every error response.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Error")]
pub struct ErrorBody<'a> {
    /// What went wrong, for people.
    message: &'a str,
    /// Cause of the error, for programs. `invalid_request` if several fields are bad; `errors` then has a code for each
    /// field. Absent if API Gateway itself refused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ErrorCode")]
    code: Option<ErrorCode>,
    /// Details of the error, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    description: Option<&'a str>,
    /// Every bad field or query parameter, with the reason.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The lead that already has the e-mail address or an external id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    existing: Option<ExistingLead>,
    /// If a bulk request failed partway: ids of the leads that already are in the state that the request asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    applied: &'a [LeadId],
    /// Id of the request in the log. Absent if API Gateway itself refused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    request_id: Option<&'a str>,
}

impl<'a> ErrorBody<'a> {
    /// Creates the body of the response to a request that failed with `error`.
    pub fn of(error: &'a Error, request_id: &'a str) -> Self {
        Self {
            message: error.message(),
            code: Some(error.code()),
            description: error.description(),
            errors: error.bad_fields(),
            existing: error.existing_lead(),
            applied: error.applied_leads(),
            request_id: Some(request_id),
        }
    }
}
