//! JSON format of leads in responses.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Business, ExternalIds, Lead, LeadDetails, LeadId, LeadSummary, State, StatusId, Team, Timestamp};

/// A lead, as in lists and search results.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LeadSummary")]
pub struct LeadSummaryResponse {
    /// Id of the lead, sequential in the team.
    pub id: LeadId,
    /// First name. Empty if the lead came without one.
    pub first_name: String,
    /// Last name. Empty if the lead came without one.
    pub last_name: String,
    /// E-mail address. Unique in the team; case does not matter. Empty if the lead has only a phone number.
    pub email: String,
    /// Phone numbers, as they were entered.
    pub phone_number: Vec<String>,
    /// Name of the lead's status.
    pub status: String,
    /// Id of the lead's status.
    pub status_id: StatusId,
    /// Businesses that the lead belongs to.
    pub business: Vec<Business>,
    /// `Active` or `Inactive`. Set independently of `status`.
    pub state: State,
    /// File name of the photo, or empty.
    pub photo: String,
    /// URL of the photo, valid for at least 15 minutes. The URL stays the same for up to 10 minutes, so that browsers
    /// cache the photo. Absent without a photo, and in events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = "string"))]
    pub photo_url: Option<String>,
    /// Company, or empty.
    pub company: String,
    /// Whether the lead is archived: `GET /leads` hides archived leads by default, and searches never find them.
    pub archived: bool,
    /// When the lead was created.
    pub created_at: Timestamp,
}

/// A lead with all its fields.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Lead")]
pub struct LeadResponse {
    #[serde(flatten)]
    summary: LeadSummaryResponse,
    #[serde(flatten)]
    details: LeadDetails,
    /// Ids of other systems, by the system's name. At most 3.
    external_ids: ExternalIds,
    /// When the lead was last changed.
    updated_at: Timestamp,
    /// Version of the lead. Grows with every change.
    version: u64,
}

impl LeadSummaryResponse {
    /// Builds the response for a lead. `team` supplies the names of the lead's status and businesses.
    pub fn new(lead: &LeadSummary, team: &Team) -> Self {
        Self {
            id: lead.id,
            first_name: lead.first_name.clone(),
            last_name: lead.last_name.clone(),
            email: lead.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default(),
            phone_number: lead.phone_number.clone(),
            status: team.status(lead.status_id).map(|status| status.name.clone()).unwrap_or_default(),
            status_id: lead.status_id,
            business: lead.business.iter().filter_map(|id| team.business(*id)).cloned().collect(),
            state: lead.state,
            photo: lead.photo.clone(),
            photo_url: None,
            company: lead.company.clone(),
            archived: lead.archived,
            created_at: lead.created_at,
        }
    }
}

impl LeadResponse {
    /// Builds the response for a lead. `team` supplies the names of the lead's status and businesses.
    pub fn new(lead: &Lead, team: &Team) -> Self {
        Self {
            summary: LeadSummaryResponse::new(&lead.summary, team),
            details: lead.details.clone(),
            external_ids: lead.external_ids.clone(),
            updated_at: lead.updated_at,
            version: lead.version,
        }
    }
}
