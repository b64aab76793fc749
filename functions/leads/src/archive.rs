use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Done, Json, Valid, Write};
use shared::model::LeadIds;
use shared::table::Bulk;

use crate::Leads;

/// `PATCH /leads/archive`
pub(crate) async fn archive(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Json<Done>, Error> {
    leads.table.change_leads(&caller, &ids, Bulk::Archive).await?;
    Ok(Json(Done { message: "Leads archived successfully", description: "The leads have been archived successfully." }))
}
