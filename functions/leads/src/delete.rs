use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Valid, Write, done, json};
use shared::model::LeadIds;

use crate::Leads;

/// `DELETE /leads`: the leads are gone with the first step, and sending it again finishes what was interrupted.
pub(crate) async fn delete(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Response, Error> {
    let buried = leads.table.bury_leads(&caller, &ids).await?;
    leads.photos.remove(&caller.team, buried.photos()).await?;
    leads.table.clear(&caller.team, &buried).await?;
    Ok(json(&done("Leads deleted successfully", "The leads have been deleted successfully.")))
}
