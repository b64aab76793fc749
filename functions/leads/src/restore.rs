use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Done, Json, Valid, Write};
use shared::model::LeadIds;
use shared::table::Bulk;

use crate::Leads;

/// `PATCH /leads/restore`
pub(crate) async fn restore(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Json<Done>, Error> {
    leads.table.change_leads(&caller, &ids, Bulk::Restore).await?;
    Ok(Json(Done { message: "Leads restored successfully", description: "The leads have been restored successfully." }))
}
