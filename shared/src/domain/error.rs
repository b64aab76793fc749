//! The error type of all layers: kind, error code, the texts for the caller, and the cause for the log.

use std::error::Error as StdError;
use std::fmt;

use super::{
    ApiKey, ApiKeyInput, DomainError, ErrorCode, ExistingLead, FieldError, Form, FormInput, LeadChange, LeadId,
    MatchConflict, PhotoName, Team, View, Webhook,
};

/// The kind of an error. The `api` layer maps each kind to an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is invalid, or impossible in the current state of the data.
    BadRequest,
    /// The caller is not allowed to make this request.
    Forbidden,
    /// The requested item or route does not exist.
    NotFound,
    /// Other requests kept changing the same data.
    Conflict,
    /// The data has another version than the request expects.
    VersionMismatch,
    /// The request body is too large.
    TooLarge,
    /// The route does not accept the media type of the request body.
    UnsupportedMediaType,
    /// The rate limit is exceeded.
    TooManyRequests,
    /// The API itself failed.
    Internal,
    /// A dependency is overloaded or unreachable.
    Unavailable,
}

/// The error of a request. The `api` layer logs it and renders the response.
#[derive(Debug)]
pub struct Error(Box<ErrorParts>);

#[derive(Debug)]
struct ErrorParts {
    kind: ErrorKind,
    code: ErrorCode,
    message: &'static str,
    description: Option<String>,
    fields: Vec<FieldError>,
    existing: Option<ExistingLead>,
    applied: Vec<LeadId>,
    /// The cause, for the log. Never sent to the caller.
    cause: Option<String>,
    /// Whether the outcome is unknown: the request may or may not have been applied.
    unknown: bool,
    /// Value of the `Retry-After` header, in seconds.
    retry_after: Option<u32>,
}

impl Error {
    fn new(kind: ErrorKind, code: ErrorCode, message: &'static str) -> Self {
        let (description, fields, existing, applied, cause) = (None, Vec::new(), None, Vec::new(), None);
        let later = matches!(kind, ErrorKind::Unavailable | ErrorKind::Conflict);
        let (unknown, retry_after) = (false, later.then_some(1));
        Self(Box::new(ErrorParts {
            kind,
            code,
            message,
            description,
            fields,
            existing,
            applied,
            cause,
            unknown,
            retry_after,
        }))
    }

    /// 400 with this code and message.
    pub fn bad_request(code: ErrorCode, message: &'static str) -> Self {
        Self::new(ErrorKind::BadRequest, code, message)
    }

    /// 400 that names every bad field. If exactly one field is bad, its code becomes the error's code.
    pub fn invalid_fields(message: &'static str, fields: Vec<FieldError>) -> Self {
        Self::bad_request(ErrorCode::InvalidRequest, message).with_fields_and_code(fields)
    }

    /// Adds the bad fields to the error. If exactly one field is bad, its code becomes the error's code.
    fn with_fields_and_code(mut self, fields: Vec<FieldError>) -> Self {
        if let [field] = &fields[..] {
            self.0.code = field.code;
        }
        self.with_fields(fields)
    }

    /// 400 with this message: the photo is not an uploaded photo of the team, or another lead has it.
    pub fn photo_unavailable(message: &'static str) -> Self {
        Self::invalid_fields(message, vec![FieldError::new("photo", PhotoName::unavailable_fault())])
    }

    /// 400: the id in the path is not a positive integer. Only for routes whose contract documents this 400.
    pub fn invalid_path_id(message: &'static str) -> Self {
        Self::invalid_fields(
            message,
            vec![FieldError::new("id", ErrorCode::InvalidValue.with_message("must be a positive integer"))],
        )
    }

    /// 403: the caller is not allowed to make this request.
    pub fn access_denied() -> Self {
        Self::new(ErrorKind::Forbidden, ErrorCode::AccessDenied, "Access denied")
    }

    /// 404 with this code and message.
    pub fn not_found(code: ErrorCode, message: &'static str) -> Self {
        Self::new(ErrorKind::NotFound, code, message)
    }

    /// 404: no such lead in this team.
    pub fn lead_not_found() -> Self {
        Self::not_found(ErrorCode::LeadNotFound, "Lead not found")
    }

    /// 400 of a bulk request: one or more leads do not exist.
    pub fn leads_not_found() -> Self {
        Self::bad_request(ErrorCode::LeadNotFound, "One or more leads not found")
    }

    /// Sets the bad fields that the error names. The error's code stays the same.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// 404: no such comment in this team.
    pub fn comment_not_found() -> Self {
        Self::not_found(ErrorCode::CommentNotFound, "Comment not found")
    }

    /// 404: no such API key in this team.
    pub fn api_key_not_found() -> Self {
        Self::not_found(ErrorCode::ApiKeyNotFound, "API key not found")
    }

    /// 404: no such view, or it belongs to another user.
    pub fn view_not_found() -> Self {
        Self::not_found(ErrorCode::ViewNotFound, "View not found")
    }

    /// 404: no such form, or it is inactive.
    pub fn form_not_found() -> Self {
        Self::not_found(ErrorCode::FormNotFound, "Form not found")
    }

    /// 404: no such webhook in this team.
    pub fn webhook_not_found() -> Self {
        Self::not_found(ErrorCode::WebhookNotFound, "Webhook not found")
    }

    /// 404: no such event in this team, or it has expired.
    pub fn event_not_found() -> Self {
        Self::not_found(ErrorCode::EventNotFound, "Event not found")
    }

    /// 403: the form does not accept posts from this page's origin.
    pub fn origin_not_allowed() -> Self {
        Self::new(ErrorKind::Forbidden, ErrorCode::OriginNotAllowed, "Origin not allowed")
    }

    /// 429: a form has too many posts in this minute. `seconds` is the time until the next minute.
    pub fn too_many_requests(seconds: u32) -> Self {
        let mut error = Self::new(ErrorKind::TooManyRequests, ErrorCode::RateLimited, "Too Many Requests");
        error.0.retry_after = Some(seconds);
        error
    }

    /// 400: another lead, `existing`, already has the e-mail address.
    pub fn email_exists(existing: ExistingLead) -> Self {
        Self::bad_request(ErrorCode::EmailExists, "Email already exists").with_existing_lead(existing)
    }

    /// 400: another lead, `existing`, already has the external id.
    pub fn external_id_exists(existing: ExistingLead) -> Self {
        Self::bad_request(ErrorCode::ExternalIdExists, "External id already exists").with_existing_lead(existing)
    }

    fn with_existing_lead(mut self, existing: ExistingLead) -> Self {
        self.0.existing = Some(existing);
        self
    }

    /// 409: a request names two different leads. Nothing was written.
    pub fn match_conflict(conflict: &MatchConflict) -> Self {
        let mut error = Self::new(ErrorKind::Conflict, ErrorCode::MatchConflict, MatchConflict::MESSAGE);
        // The same request would fail again.
        error.0.retry_after = None;
        error.with_fields(conflict.faults().into())
    }

    /// Removes from the error the lead that already has the address or the external id, for a caller who may not read
    /// leads.
    #[must_use]
    pub fn without_existing_lead(mut self) -> Self {
        self.0.existing = None;
        self
    }

    /// 409: other requests kept changing the same data.
    pub fn conflict() -> Self {
        Self::new(ErrorKind::Conflict, ErrorCode::Conflict, "Conflict").with_description(
            "Other requests kept changing the same data. Nothing of this one was applied; send it again.",
        )
    }

    /// 412: the lead has another version than `If-Match` names.
    pub fn precondition_failed() -> Self {
        Self::new(ErrorKind::VersionMismatch, ErrorCode::VersionMismatch, "Precondition failed")
            .with_description("The lead has changed since it was read. Read it again and decide anew.")
    }

    /// 413: the body has more than `limit` bytes.
    pub fn payload_too_large(limit: usize) -> Self {
        Self::new(ErrorKind::TooLarge, ErrorCode::PayloadTooLarge, "Payload too large")
            .with_description(format!("The body may have at most {limit} bytes."))
    }

    /// 415: the body does not have the `expected` media type.
    pub fn unsupported_media_type(expected: &str) -> Self {
        let (kind, code) = (ErrorKind::UnsupportedMediaType, ErrorCode::UnsupportedMediaType);
        Self::new(kind, code, "Unsupported media type").with_description(format!("Send {expected}."))
    }

    /// 503: a dependency stayed overloaded or unreachable in every try. If a write may have been applied, use
    /// [`Error::outcome_unknown`] instead.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let (kind, code) = (ErrorKind::Unavailable, ErrorCode::Unavailable);
        let mut error = Self::new(kind, code, "Service unavailable").with_description("Try again shortly.");
        error.0.cause = Some(cause.to_string());
        error
    }

    /// 503: the deadline passed before a write was confirmed, so that the write may or may not have been applied.
    pub fn outcome_unknown(cause: impl fmt::Display) -> Self {
        let mut error = Self::unavailable(cause).with_description(
            "It is not known whether this request was applied. Look, or send it again: with the same \
             Idempotency-Key, where it had one, it is applied once.",
        );
        (error.0.unknown, error.0.code) = (true, ErrorCode::OutcomeUnknown);
        error
    }

    /// Whether the outcome is unknown: the request may or may not have been applied.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.unknown
    }

    /// Chooses which of two errors of a request the response reports: an error with an unknown outcome before any
    /// other.
    pub fn prefer_unknown_outcome(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(_), Some(error)) if error.is_outcome_unknown() => Some(error),
            (one, other) => one.or(other),
        }
    }

    /// Value of `Retry-After` in seconds, if the error has one.
    pub fn retry_after(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// 500: an internal error. `cause` is logged and never sent to the caller. It must not contain text from callers.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(ErrorKind::Internal, ErrorCode::InternalError, "Internal server error");
        error.0.cause = Some(cause.to_string());
        error
    }

    /// 500: an internal error with a library's error and the chain of its causes, for the log.
    pub fn caused_by(context: &str, error: &dyn StdError) -> Self {
        Self::internal(format!("{context}: {}", error_chain(error)))
    }

    /// Adds the `description` for the caller.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.0.description = Some(description.into());
        self
    }

    /// Adds the ids of the leads that already are in the state that the request asked for, when a bulk request failed
    /// partway.
    #[must_use]
    pub fn with_applied_leads(mut self, leads: Vec<LeadId>) -> Self {
        self.0.applied = leads;
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error code, for programs.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The message for the caller.
    pub fn message(&self) -> &'static str {
        self.0.message
    }

    /// Returns the bad fields of the request that the error names.
    pub fn bad_fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Details for the caller, beside the message.
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The other lead that already has the address or the external id, for [`ErrorCode::EmailExists`] and
    /// [`ErrorCode::ExternalIdExists`].
    pub fn existing_lead(&self) -> Option<ExistingLead> {
        self.0.existing
    }

    /// Leads that are in the state that a bulk request asked for, if the request failed partway.
    pub fn applied_leads(&self) -> &[LeadId] {
        &self.0.applied
    }

    /// The cause, for the log. Never sent to the caller.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

const CANNOT_DELETE_STATUS_MESSAGE: &str = "Cannot delete status";

impl From<DomainError> for Error {
    fn from(refusal: DomainError) -> Self {
        use ErrorCode as Code;
        match refusal {
            DomainError::UnknownStatus => Self::bad_request(Code::UnknownStatus, "Lead status not found"),
            DomainError::NoStatusToDelete => Self::bad_request(Code::UnknownStatus, CANNOT_DELETE_STATUS_MESSAGE)
                .with_description("There is no such status."),
            DomainError::LastStatus => Self::bad_request(Code::LastStatus, CANNOT_DELETE_STATUS_MESSAGE)
                .with_description("It is the team's last status."),
            DomainError::StatusNeeded => Self::bad_request(Code::StatusInUse, CANNOT_DELETE_STATUS_MESSAGE)
                .with_description("Leads have it, archived ones included."),
            DomainError::StatusExists => Self::bad_request(Code::StatusExists, "Lead status already exists"),
            DomainError::TooManyStatuses => Self::bad_request(Code::TooManyStatuses, "Too many lead statuses")
                .with_description(format!("A team has at most {} statuses.", Team::MAX_STATUSES)),
            DomainError::AmbiguousOrder => Self::bad_request(Code::AmbiguousOrder, "Invalid status order")
                .with_description("Two statuses cannot have one place."),
            DomainError::UnknownBusiness => Self::not_found(Code::UnknownBusiness, "Business not found"),
            DomainError::BusinessNeeded => {
                Self::bad_request(Code::BusinessInUse, "Cannot delete business").with_description("Leads belong to it.")
            }
            DomainError::BusinessExists => Self::bad_request(Code::BusinessExists, "Business already exists"),
            DomainError::TooManyBusinesses => Self::bad_request(Code::TooManyBusinesses, "Too many businesses")
                .with_description(format!("A team has at most {} businesses.", Team::MAX_BUSINESSES)),
            DomainError::TooManyApiKeys => Self::bad_request(Code::TooManyApiKeys, "Too many API keys")
                .with_description(format!(
                    "A team has at most {} API keys. Revoke one first.",
                    ApiKey::MAX_API_KEYS_PER_TEAM
                )),
            DomainError::TooManyViews => Self::bad_request(Code::TooManyViews, "Too many views")
                .with_description(format!("A user has at most {}.", View::MAX_VIEWS_PER_USER)),
            DomainError::TooManySharedViews => Self::bad_request(Code::TooManySharedViews, "Too many shared views")
                .with_description(format!("A team has at most {}.", View::MAX_SHARED_VIEWS_PER_TEAM)),
            DomainError::ExpiresInThePast => {
                let fault = Code::NotInFuture.with_message("must be in the future");
                Self::invalid_fields(ApiKeyInput::INVALID_API_KEY_MESSAGE, vec![FieldError::new("expiresAt", fault)])
            }
            DomainError::TooManyForms => Self::bad_request(Code::TooManyForms, "Too many forms")
                .with_description(format!("A team has at most {} forms. Delete one first.", Form::MAX_FORMS_PER_TEAM)),
            DomainError::TooManyWebhooks => Self::bad_request(Code::TooManyWebhooks, "Too many webhooks")
                .with_description(format!(
                    "A team has at most {} webhooks. Delete one first.",
                    Webhook::MAX_WEBHOOKS_PER_TEAM
                )),
            DomainError::WebhookIsOff => Self::bad_request(Code::WebhookInactive, "Webhook is switched off")
                .with_description("Switch it on before anything is sent to it."),
            DomainError::InvalidForm(faults) => Self::invalid_fields(FormInput::INVALID_FORM_MESSAGE, faults),
            DomainError::InvalidLead(faults) => Self::invalid_fields(LeadChange::INVALID_LEAD_MESSAGE, faults),
            DomainError::NoStatusForLead(faults) => {
                Self::not_found(Code::UnknownStatus, "No lead status found").with_fields_and_code(faults)
            }
            DomainError::Impossible(cause) => Self::internal(cause),
        }
    }
}

/// An error and its causes in one line. Formats them with `Display`, because `Debug` could show text from callers.
pub(crate) fn error_chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.cause.as_deref().unwrap_or(self.0.message))
    }
}

impl StdError for Error {}
