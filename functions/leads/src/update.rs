use axum::extract::State;
use shared::api::{Caller, IfMatch, InvalidPathId, LeadMerge, LeadResponse, LeadUpdate, PathId, ValidJson, Write};
use shared::domain::error::Error;
use shared::domain::{LeadChange, LeadId, PhotoName};
use shared::store::StoredResponse;

use crate::Leads;

/// Error for a malformed lead id: 400, as the contract documents for `PUT /leads/{id}`. The default would be 404.
pub(crate) struct InvalidLeadData;

impl InvalidPathId for InvalidLeadData {
    fn rejection() -> Error {
        Error::invalid_path_id("Invalid lead data")
    }
}

/// `PUT /leads/{id}`
pub(crate) async fn update(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<LeadId, InvalidLeadData>,
    if_match: IfMatch,
    ValidJson(LeadUpdate(change)): ValidJson<LeadUpdate>,
) -> Result<StoredResponse, Error> {
    apply(leads, caller, id, if_match, change).await
}

/// `PATCH /leads/{id}`
pub(crate) async fn merge_patch(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    PathId { id, .. }: PathId<LeadId>,
    if_match: IfMatch,
    ValidJson(LeadMerge(change)): ValidJson<LeadMerge>,
) -> Result<StoredResponse, Error> {
    apply(leads, caller, id, if_match, change).await
}

async fn apply(
    Leads { table, photos }: Leads,
    caller: Caller<Write>,
    id: LeadId,
    if_match: IfMatch,
    change: LeadChange,
) -> Result<StoredResponse, Error> {
    let (team, objects) = (&caller.team, &photos);
    let promote = |photo: PhotoName| async move { objects.promote(team, &photo).await };
    let updated = table.update_lead(&caller, id, &change, |version| if_match.allows(version), promote).await?;
    photos.try_remove(&caller.team, updated.replaced_photo).await;
    let answer =
        StoredResponse::ok(LeadResponse::new(&updated.lead, &updated.team)).version(&updated.lead, &updated.team);
    photos.linked(&caller.team, answer).await
}
