use std::collections::BTreeSet;

use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Done, Json, Params, PathParam, Valid, Write};
use shared::model::{LeadId, LeadIds};
use shared::table::Bulk;

use crate::Leads;

/// `DELETE /leads`
pub(crate) async fn delete(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Json<Done>, Error> {
    remove(&leads, &caller, &ids, Bulk::Delete).await?;
    Ok(Json(Done { message: "Leads deleted successfully", description: "The leads have been deleted successfully." }))
}

/// `DELETE /leads/{id}`
pub(crate) async fn delete_one(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    Params(()): Params<()>,
) -> Result<Json<Done>, Error> {
    let id = id.parse().map_err(|()| Error::lead_not_found())?;
    remove(&leads, &caller, &BTreeSet::from([id]), Bulk::DeleteOne).await?;
    Ok(Json(Done { message: "Lead deleted successfully", description: "The lead has been deleted successfully." }))
}

/// The leads are gone with the first step; what the others do not manage is the clean-up's.
async fn remove(leads: &Leads, caller: &Caller<Write>, ids: &BTreeSet<LeadId>, bulk: Bulk) -> Result<(), Error> {
    let deleted = leads.table.change_leads(caller, ids, bulk).await?.deleted;
    leads.photos.try_remove(&caller.team, deleted.photos()).await;
    leads.table.try_unlist(&caller.team, &deleted).await;
    Ok(())
}
