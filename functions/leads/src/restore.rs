use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Confirmation, Json, ValidJson, Write};
use shared::model::LeadIds;
use shared::table::Bulk;

use crate::Leads;

/// `PATCH /leads/restore`
pub(crate) async fn restore(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    ValidJson(LeadIds { ids }): ValidJson<LeadIds>,
) -> Result<Json<Confirmation>, Error> {
    leads.table.change_leads(&caller, &ids, Bulk::Restore).await?;
    Ok(Json(Confirmation {
        message: "Leads restored successfully",
        description: "The leads have been restored successfully.",
    }))
}
