//! Refusals of the domain's rules. [`crate::domain::error`] maps each to an HTTP status.

use super::FieldError;

/// The reason for which a rule refuses a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainError {
    /// The team has no such status.
    UnknownStatus,
    /// The status to delete does not exist.
    NoStatusToDelete,
    /// The team must keep one status.
    LastStatus,
    /// The status cannot be deleted, because leads have it.
    StatusNeeded,
    /// Another status has the name.
    StatusExists,
    /// The team has the maximum number of statuses.
    TooManyStatuses,
    /// Two statuses were given one place.
    AmbiguousOrder,
    /// The team has no such business.
    UnknownBusiness,
    /// The business cannot be deleted, because leads belong to it.
    BusinessNeeded,
    /// Another business has the name.
    BusinessExists,
    /// The team has the maximum number of businesses.
    TooManyBusinesses,
    /// The team has the maximum number of API keys.
    TooManyApiKeys,
    /// The expiry of a new key is in the past.
    ExpiresInThePast,
    /// The team has the maximum number of forms.
    TooManyForms,
    /// The team has the maximum number of webhooks.
    TooManyWebhooks,
    /// The webhook is switched off.
    WebhookIsOff,
    /// These fields of a form are bad.
    InvalidForm(Vec<FieldError>),
    /// These fields of a lead are bad.
    InvalidLead(Vec<FieldError>),
    /// The only bad field of a new lead is an unknown status.
    NoStatusForLead(Vec<FieldError>),
    /// An invariant is broken. It is not the caller's fault.
    Impossible(&'static str),
}

impl DomainError {
    /// Adds a bad field to a refusal that names bad fields of a lead. Leaves other refusals as they are.
    #[must_use]
    pub fn with_lead_fault(self, fault: FieldError) -> Self {
        match self {
            Self::InvalidLead(mut faults) | Self::NoStatusForLead(mut faults) => {
                faults.push(fault);
                Self::InvalidLead(faults)
            }
            other => other,
        }
    }
}
