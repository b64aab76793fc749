use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::error::Error;
use shared::http::{Caller, IfNoneMatch, Params, Read, Segment};
use shared::model::Answer;

use crate::Leads;

/// `GET /leads/{id}`
pub(crate) async fn get(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Read>,
    Segment(id): Segment,
    if_none_match: IfNoneMatch,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::lead_not_found())?;
    let (lead, team) = table.lead(&caller.team, id).await?;
    let answer = Answer::ok(team.lead_json(&lead)).version(&lead, &team);
    Ok(if_none_match.unless_had(photos.linked(&caller.team, answer).await?).into_response())
}
