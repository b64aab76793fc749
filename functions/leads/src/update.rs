use axum::extract::State;
use shared::api::{Caller, IfMatch, InvalidPathId, LeadPatchBody, LeadPutBody, LeadResponse, PathId, ValidJson, Write};
use shared::domain::error::Error;
use shared::domain::{LeadChange, LeadId, PhotoName};
use shared::store::StoredResponse;

use crate::LeadsState;

/// Error for a malformed lead id: 400, as the contract documents for `PUT /leads/{id}`. The default would be 404.
pub(crate) struct InvalidLeadIdInPut;

impl InvalidPathId for InvalidLeadIdInPut {
    fn invalid_id_error() -> Error {
        Error::invalid_path_id("Invalid lead data")
    }
}

/// `PUT /leads/{id}`
pub(crate) async fn update(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<LeadId, InvalidLeadIdInPut>,
    if_match: IfMatch,
    ValidJson(LeadPutBody(change)): ValidJson<LeadPutBody>,
) -> Result<StoredResponse, Error> {
    apply_change(leads, caller, id, if_match, change).await
}

/// `PATCH /leads/{id}`
pub(crate) async fn merge_patch(
    State(leads): State<LeadsState>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<LeadId>,
    if_match: IfMatch,
    ValidJson(LeadPatchBody(change)): ValidJson<LeadPatchBody>,
) -> Result<StoredResponse, Error> {
    apply_change(leads, caller, id, if_match, change).await
}

async fn apply_change(
    LeadsState { table, photos, .. }: LeadsState,
    caller: Caller<Write>,
    id: LeadId,
    if_match: IfMatch,
    change: LeadChange,
) -> Result<StoredResponse, Error> {
    let (team, objects) = (&caller.team, &photos);
    let promote = |photo: PhotoName| async move { objects.promote_upload(team, &photo).await };
    let updated = table.update_lead(&caller, id, &change, |version| if_match.matches_version(version), promote).await?;
    photos.remove_or_leave_to_clean_up(&caller.team, updated.replaced_photo).await;
    let answer = StoredResponse::ok(LeadResponse::new(&updated.lead, &updated.team))
        .with_lead_etag(&updated.lead, &updated.team);
    photos.with_photo_url(&caller.team, answer).await
}
