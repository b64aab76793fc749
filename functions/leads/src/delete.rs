use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Params, PathParam, Valid, Write, done, json};
use shared::model::{LeadId, LeadIds};
use shared::table::Bulk;

use crate::Leads;

/// `DELETE /leads`
pub(crate) async fn delete(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(LeadIds { ids }): Valid<LeadIds>,
) -> Result<Response, Error> {
    remove(&leads, &caller, &ids, Bulk::Delete).await?;
    Ok(json(done("Leads deleted successfully", "The leads have been deleted successfully.")))
}

/// `DELETE /leads/{id}`
pub(crate) async fn delete_one(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    PathParam(id): PathParam,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::lead_not_found())?;
    remove(&leads, &caller, &BTreeSet::from([id]), Bulk::DeleteOne).await?;
    Ok(json(done("Lead deleted successfully", "The lead has been deleted successfully.")))
}

/// The leads are gone with the first step; what the others do not manage is the clean-up's.
async fn remove(leads: &Leads, caller: &Caller<Write>, ids: &BTreeSet<LeadId>, bulk: Bulk) -> Result<(), Error> {
    let deleted = leads.table.change_leads(caller, ids, bulk).await?.deleted;
    leads.photos.try_remove(&caller.team, deleted.photos()).await;
    leads.table.try_unlist(&caller.team, &deleted).await;
    Ok(())
}
