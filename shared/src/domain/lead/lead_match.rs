//! Which lead a request means by an external id and an e-mail address.

use strum::{IntoStaticStr, VariantArray};

use crate::domain::{ErrorCode, ExistingLead, ExternalId, ExternalIds, ExternalSystem, FieldError, Lead};

/// Outcome of a create-or-update of a lead by an external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum UpsertResult {
    /// A lead was created.
    Created,
    /// The lead that has the external id was changed.
    Updated,
    /// The lead had all the values already.
    Unchanged,
    /// The lead that has the e-mail address was given the external id.
    Linked,
}

/// The reason why an external id and an e-mail address do not name one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchConflict {
    /// The external id and the address belong to different leads.
    DifferentLeads {
        /// System of the external id.
        system: ExternalSystem,
        /// The lead that has the external id.
        by_external_id: ExistingLead,
        /// The lead that has the address.
        by_email: ExistingLead,
    },
    /// The lead that has the address has another id in the system.
    OtherExternalId {
        /// System of the external ids.
        system: ExternalSystem,
        /// The lead that has the address.
        by_email: ExistingLead,
        /// The id that the lead has.
        id: ExternalId,
    },
}

impl MatchConflict {
    /// Text of `message` in the response.
    pub const MESSAGE: &str = "External id and e-mail address do not match";

    /// The fields that do not match, each with the lead that it names.
    pub fn faults(&self) -> [FieldError; 2] {
        let (external_id, by_email) = match self {
            Self::DifferentLeads { system, by_external_id, by_email } => {
                ((system, format!("belongs to lead {}", by_external_id.id), by_external_id), by_email)
            }
            Self::OtherExternalId { system, by_email, id } => {
                ((system, format!("is {id} for lead {}", by_email.id), by_email), by_email)
            }
        };
        let fault = |field: String, message: String, lead: &ExistingLead| {
            FieldError::new(field, ErrorCode::MatchConflict.with_message(message)).with_existing_lead(*lead)
        };
        let (system, message, lead) = external_id;
        [
            fault(ExternalIds::dotted_name(system), message, lead),
            fault("email".to_owned(), format!("belongs to lead {}", by_email.id), by_email),
        ]
    }
}

/// Returns the lead that a request means: the lead that has the external id, else the lead that has the request's
/// address and no other id in the system. `None` if there is no such lead.
///
/// # Errors
/// When the two name different leads, or the lead with the address has another id in the system. The API never chooses.
pub fn match_lead<'l>(
    (system, id): (&ExternalSystem, &ExternalId),
    by_external_id: Option<&'l Lead>,
    by_email: Option<&'l Lead>,
) -> Result<Option<&'l Lead>, MatchConflict> {
    match (by_external_id, by_email) {
        (Some(one), Some(other)) if one.id != other.id => {
            let (by_external_id, by_email) = (ExistingLead::of(one), ExistingLead::of(other));
            Err(MatchConflict::DifferentLeads { system: system.clone(), by_external_id, by_email })
        }
        (Some(lead), _) => Ok(Some(lead)),
        (None, Some(lead)) => match lead.external_ids.id_in(system.as_str()) {
            Some(other) if other != id => {
                let (system, by_email) = (system.clone(), ExistingLead::of(lead));
                Err(MatchConflict::OtherExternalId { system, by_email, id: other.clone() })
            }
            _ => Ok(Some(lead)),
        },
        (None, None) => Ok(None),
    }
}
