//! Why a rule refuses, in its own words; [`crate::error`] gives each its HTTP status.

use super::FieldError;

/// What a rule refuses for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The team has no such status.
    UnknownStatus,
    /// A status to delete that the team does not have.
    NoStatusToDelete,
    /// The team must keep one status.
    LastStatus,
    /// A status cannot be deleted: leads have it.
    StatusNeeded,
    /// Another status has the name.
    StatusExists,
    /// The team has as many statuses as it can have.
    TooManyStatuses,
    /// Two statuses were given one place.
    AmbiguousOrder,
    /// The team has no such business.
    UnknownBusiness,
    /// A business cannot be deleted: leads belong to it.
    BusinessNeeded,
    /// Another business has the name.
    BusinessExists,
    /// The team has as many businesses as it can have.
    TooManyBusinesses,
    /// The team has as many API keys as it can have.
    TooManyApiKeys,
    /// A key would have expired before it is made.
    ExpiresInThePast,
    /// The team has as many forms as it can have.
    TooManyForms,
    /// The team has as many webhooks as it can have.
    TooManyWebhooks,
    /// A webhook that is off is told nothing.
    WebhookIsOff,
    /// These fields of a form are bad.
    InvalidForm(Vec<FieldError>),
    /// These fields of a lead are bad.
    InvalidLead(Vec<FieldError>),
    /// All that is bad about a new lead is that the team does not have its status.
    NoStatusForLead(Vec<FieldError>),
    /// What cannot be, and is not the caller's fault.
    Impossible(&'static str),
}

impl Refusal {
    /// Names one more bad field, where this names bad fields of a lead.
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
