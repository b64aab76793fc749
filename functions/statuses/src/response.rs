use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{Colour, Status, StatusId, Team};

/// A status.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Status")]
pub struct StatusResponse {
    /// Id of the status. The id of a deleted status is never reused.
    pub id: StatusId,
    /// Name of the status, 1-100 characters. Unique in the team; case does not matter.
    pub name: String,
    /// Colour of the name's text, as a CSS name.
    pub primary_color: Colour,
    /// Background colour of the name: the light variant of the primary colour, for example `lightblue` for `blue`.
    pub secondary_color: String,
    /// Position of the status in the team's order, from 1.
    pub status_order: usize,
}

impl StatusResponse {
    /// Builds the response for a status of a team.
    pub(crate) fn of(team: &Team, status: &Status) -> Self {
        Self {
            id: status.id,
            name: status.name.clone(),
            primary_color: status.colour,
            secondary_color: status.colour.light_variant(),
            status_order: team.statuses.iter().take_while(|other| other.id != status.id).count() + 1,
        }
    }

    /// Builds the responses for all statuses of a team, in the team's order.
    pub(crate) fn all_in_order(team: &Team) -> Vec<Self> {
        team.statuses.iter().map(|status| Self::of(team, status)).collect()
    }
}
