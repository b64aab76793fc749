use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Valid, Write, done, json};
use shared::model::LeadIds;
use shared::table::Bulk;

use crate::Leads;

/// `PATCH /leads/archive`
pub(crate) async fn archive(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Response, Error> {
    leads.table.change_leads(&caller, &ids, Bulk::Archive).await?;
    Ok(json(done("Leads archived successfully", "The leads have been archived successfully.")))
}
