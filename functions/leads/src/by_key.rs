use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use shared::api::{
    Caller, IfMatch, IfNoneMatch, LeadResponse, LeadRowBody, PathExternalId, PathLeadKey, Read, ValidJson, ValidQuery,
    Write,
};
use shared::domain::error::Error;
use shared::domain::{LeadId, NamedEnum as _, PhotoName, UpsertResult};
use shared::store::StoredResponse;

use crate::LeadsState;

/// Response header with the URL of the lead by its own id (RFC 9110, section 8.7).
const CONTENT_LOCATION_HEADER: &str = "content-location";
/// Response header with the outcome of a create-or-update, see [`UpsertResult`].
const LEADS_RESULT_HEADER: &str = "leads-result";

fn path_of_lead(id: LeadId) -> String {
    format!("/leads/{id}")
}

/// `GET /leads/by/email/{address}` and `GET /leads/by/{system}/{id}`
pub(crate) async fn get(
    State(LeadsState { table, photos, .. }): State<LeadsState>,
    caller: Caller<Read>,
    PathLeadKey(key): PathLeadKey,
    if_none_match: IfNoneMatch,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Response, Error> {
    let (lead, team) = table.lead_by_key(&caller.team, &key).await?;
    let answer = StoredResponse::ok(LeadResponse::new(&lead, &team)).with_lead_etag(&lead, &team);
    let answer = if_none_match.or_not_modified(photos.with_photo_url(&caller.team, answer).await?);
    Ok(([(CONTENT_LOCATION_HEADER, path_of_lead(lead.id))], answer).into_response())
}

/// `PATCH /leads/by/{system}/{id}`
pub(crate) async fn upsert(
    State(LeadsState { table, photos, .. }): State<LeadsState>,
    caller: Caller<Write>,
    PathExternalId { system, id }: PathExternalId,
    if_match: IfMatch,
    ValidJson(LeadRowBody(row)): ValidJson<LeadRowBody>,
) -> Result<Response, Error> {
    let (team, objects) = (&caller.team, &photos);
    let promote = |photo: PhotoName| async move { objects.promote_upload(team, &photo).await };
    let expected = |version| if_match.allows_version(version);
    let (result, written) = table.upsert_lead(&caller, (&system, &id), &row, expected, promote).await?;
    photos.remove_or_leave_to_clean_up(team, written.replaced_photo).await;
    let body = LeadResponse::new(&written.lead, &written.team);
    let answer = match result {
        UpsertResult::Created => StoredResponse::created(body),
        UpsertResult::Updated | UpsertResult::Unchanged | UpsertResult::Linked => StoredResponse::ok(body),
    };
    let answer = photos.with_photo_url(team, answer.with_lead_etag(&written.lead, &written.team)).await?;
    let headers = [
        (CONTENT_LOCATION_HEADER, path_of_lead(written.lead.id)),
        (LEADS_RESULT_HEADER, result.value_name().to_owned()),
    ];
    Ok((headers, answer).into_response())
}
