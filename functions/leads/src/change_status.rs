use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, StatusChange, ValidJson, Write};
use shared::domain::error::Error;
use shared::domain::{LeadId, StatusId};
use shared::store::BulkChange;

use crate::LeadsState;

/// A changed lead in the answer of `PUT /leads/change-status`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedLead {
    /// Id of the changed lead.
    id: LeadId,
    /// Name of the lead's new status.
    status: String,
    /// Id of the lead's new status.
    status_id: StatusId,
}

/// `PUT /leads/change-status`
pub(crate) async fn change_status(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    ValidJson(StatusChange { ids, status_id }): ValidJson<StatusChange>,
) -> Result<Json<Vec<ChangedLead>>, Error> {
    let team = leads.table.change_leads(&caller, &ids, BulkChange::ChangeStatus(status_id)).await?.team;
    let status = team.status(status_id).map(|status| status.name.clone()).unwrap_or_default();
    Ok(Json(ids.into_iter().map(|id| ChangedLead { id, status: status.clone(), status_id }).collect()))
}
