use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::api::{Caller, IfNoneMatch, PathParam, Read, ValidQuery};
use shared::domain::StoredResponse;
use shared::domain::error::Error;

use crate::Leads;

/// `GET /leads/{id}`
pub(crate) async fn get(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    PathParam(id): PathParam,
    if_none_match: IfNoneMatch,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::lead_not_found())?;
    let (lead, team) = table.lead(&caller.team, id).await?;
    let answer = StoredResponse::ok(team.lead(&lead)).version(&lead, &team);
    Ok(if_none_match.or_not_modified(photos.linked(&caller.team, answer).await?).into_response())
}
