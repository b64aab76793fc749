//! Leads as the API shows them (spec section 3).

use schemars::JsonSchema;
use serde::Serialize;

use super::{Business, Lead, LeadDetails, LeadId, LeadSummary, State, StatusId, Team, Timestamp};

/// A lead of a list or of a search.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LeadSummary")]
pub struct LeadSummaryResponse {
    /// Sequential in the team.
    pub id: LeadId,
    /// The first name; empty of a lead that came without one.
    pub first_name: String,
    /// The last name; empty of a lead that came without one.
    pub last_name: String,
    /// Unique in the team, whatever its case; empty where there is a phone number alone.
    pub email: String,
    /// As they were written.
    pub phone_number: Vec<String>,
    /// The name of its status.
    pub status: String,
    /// Its status.
    pub status_id: StatusId,
    /// The businesses that it belongs to.
    pub business: Vec<Business>,
    /// Not to be taken for its status.
    pub state: State,
    /// The file name of its photo, or empty.
    pub photo: String,
    /// Where its photo can be read for at least 15 minutes; the same URL for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    pub photo_url: Option<String>,
    /// The company, or empty.
    pub company: String,
    /// Whether lists and searches leave it out.
    pub archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A lead with everything.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Lead")]
pub struct LeadResponse {
    #[serde(flatten)]
    summary: LeadSummaryResponse,
    #[serde(flatten)]
    details: LeadDetails,
    /// When it was last changed.
    updated_at: Timestamp,
    /// Grows with every change of the lead.
    version: u64,
}

impl Team {
    /// A lead of a list or of a search.
    pub fn lead_summary(&self, lead: &LeadSummary) -> LeadSummaryResponse {
        LeadSummaryResponse {
            id: lead.id,
            first_name: lead.first_name.clone(),
            last_name: lead.last_name.clone(),
            email: lead.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default(),
            phone_number: lead.phone_number.clone(),
            status: self.status(lead.status_id).map(|status| status.name.clone()).unwrap_or_default(),
            status_id: lead.status_id,
            business: lead.business.iter().filter_map(|id| self.business(*id)).cloned().collect(),
            state: lead.state,
            photo: lead.photo.clone(),
            photo_url: None,
            company: lead.company.clone(),
            archived: lead.archived,
            created_at: lead.created_at,
        }
    }

    /// A lead with everything.
    pub fn lead(&self, lead: &Lead) -> LeadResponse {
        LeadResponse {
            summary: self.lead_summary(&lead.summary),
            details: lead.details.clone(),
            updated_at: lead.updated_at,
            version: lead.version,
        }
    }
}
