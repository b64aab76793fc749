use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Confirmation, Json, ValidJson, Write};
use shared::model::LeadIds;
use shared::table::Bulk;

use crate::Leads;

/// `PATCH /leads/archive`
pub(crate) async fn archive(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    ValidJson(LeadIds { ids }): ValidJson<LeadIds>,
) -> Result<Json<Confirmation>, Error> {
    leads.table.change_leads(&caller, &ids, Bulk::Archive).await?;
    Ok(Json(Confirmation {
        message: "Leads archived successfully",
        description: "The leads have been archived successfully.",
    }))
}
