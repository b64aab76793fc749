use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::api::{Caller, IfNoneMatch, LeadResponse, PathId, Read, ValidQuery};
use shared::domain::LeadId;
use shared::domain::error::Error;
use shared::store::StoredResponse;

use crate::LeadsState;

/// `GET /leads/{id}`
pub(crate) async fn get(
    State(LeadsState { table, photos, .. }): State<LeadsState>,
    caller: Caller<Read>,
    PathId { id, .. }: PathId<LeadId>,
    if_none_match: IfNoneMatch,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Response, Error> {
    let (lead, team) = table.lead(&caller.team, id).await?;
    let answer = StoredResponse::ok(LeadResponse::new(&lead, &team)).with_lead_etag(&lead, &team);
    Ok(if_none_match.or_not_modified(photos.with_photo_url(&caller.team, answer).await?).into_response())
}
