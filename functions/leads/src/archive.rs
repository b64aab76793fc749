use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, LeadIds, ValidJson, Write};
use shared::domain::error::Error;
use shared::store::BulkChange;

use crate::LeadsState;

/// `PATCH /leads/archive`: archives 1 to 100 leads.
pub(crate) async fn archive(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    ValidJson(LeadIds { ids }): ValidJson<LeadIds>,
) -> Result<Json<Confirmation>, Error> {
    leads.table.change_leads(&caller, &ids, BulkChange::Archive).await?;
    Ok(Json(Confirmation {
        message: "Leads archived successfully",
        description: "The leads have been archived successfully.",
    }))
}
