//! Reasons why a domain rule refuses a change. [`crate::domain::error`] converts each into an error for the caller.

use super::FieldError;

/// The reason why a domain rule refuses a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainError {
    /// The team has no such status.
    UnknownStatus,
    /// The status to delete does not exist.
    NoStatusToDelete,
    /// The team's last status cannot be deleted.
    LastStatus,
    /// The status cannot be deleted, because leads have it.
    StatusNeeded,
    /// Another status of the team already has the name.
    StatusExists,
    /// The team has the maximum number of statuses.
    TooManyStatuses,
    /// Two statuses were given the same place in the order.
    AmbiguousOrder,
    /// The team has no such business.
    UnknownBusiness,
    /// The business cannot be deleted, because leads belong to it.
    BusinessNeeded,
    /// Another business of the team already has the name.
    BusinessExists,
    /// The team has the maximum number of businesses.
    TooManyBusinesses,
    /// The team has the maximum number of API keys.
    TooManyApiKeys,
    /// The user has the maximum number of views.
    TooManyViews,
    /// The team has the maximum number of shared views.
    TooManySharedViews,
    /// The expiry of a new key is in the past.
    ExpiresInThePast,
    /// The team has the maximum number of forms.
    TooManyForms,
    /// The team has the maximum number of webhooks.
    TooManyWebhooks,
    /// The webhook is switched off.
    WebhookIsOff,
    /// A form has these bad fields.
    InvalidForm(Vec<FieldError>),
    /// A lead has these bad fields.
    InvalidLead(Vec<FieldError>),
    /// The only bad field of a new lead is an unknown status.
    NoStatusForLead(Vec<FieldError>),
    /// An invariant is broken. It is not the caller's fault.
    Impossible(&'static str),
}

impl DomainError {
    /// Adds a bad field to a refusal that names bad fields of a lead. Leaves other refusals as they are.
    #[must_use]
    pub fn with_bad_lead_field(self, fault: FieldError) -> Self {
        match self {
            Self::InvalidLead(mut faults) | Self::NoStatusForLead(mut faults) => {
                faults.push(fault);
                Self::InvalidLead(faults)
            }
            other => other,
        }
    }
}
