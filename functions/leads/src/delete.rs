use axum::extract::State;
use shared::api::{Caller, Confirmation, IfMatch, Json, LeadIds, PathId, ValidJson, ValidQuery, Write};
use shared::domain::LeadId;
use shared::domain::error::Error;
use shared::store::{BulkChange, DeletedLeads};

use crate::LeadsState;

/// `DELETE /leads`
pub(crate) async fn delete_many(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    ValidJson(LeadIds { ids }): ValidJson<LeadIds>,
) -> Result<Json<Confirmation>, Error> {
    let deleted = leads.table.change_leads(&caller, &ids, BulkChange::Delete).await?.deleted;
    remove_photos_and_index_entries(&leads, &caller, deleted).await;
    Ok(Json(Confirmation {
        message: "Leads deleted successfully",
        description: "The leads have been deleted successfully.",
    }))
}

/// `DELETE /leads/{id}`
pub(crate) async fn delete_one(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<LeadId>,
    if_match: IfMatch,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    let deleted = leads.table.delete_lead(&caller, id, |version| if_match.matches_version(version)).await?;
    remove_photos_and_index_entries(&leads, &caller, deleted).await;
    Ok(Json(Confirmation {
        message: "Lead deleted successfully",
        description: "The lead has been deleted successfully.",
    }))
}

/// Removes photos and index entries of deleted leads. If that fails, the clean-up function removes the rest later.
async fn remove_photos_and_index_entries(leads: &LeadsState, caller: &Caller<Write>, deleted: DeletedLeads) {
    leads.photos.remove_or_leave_to_clean_up(&caller.team, deleted.photos()).await;
    leads.table.try_remove_index_entries(&caller.team, &deleted).await;
}
