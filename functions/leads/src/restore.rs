use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, LeadIds, ValidJson, Write};
use shared::domain::error::Error;
use shared::store::BulkChange;

use crate::LeadsState;

/// `PATCH /leads/restore`: restores 1 to 100 archived leads.
pub(crate) async fn restore(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    ValidJson(LeadIds { ids }): ValidJson<LeadIds>,
) -> Result<Json<Confirmation>, Error> {
    leads.table.change_leads(&caller, &ids, BulkChange::Restore).await?;
    Ok(Json(Confirmation {
        message: "Leads restored successfully",
        description: "The leads have been restored successfully.",
    }))
}
