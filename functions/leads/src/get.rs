use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Params, Read, Segment};
use shared::model::Answer;

use crate::Leads;

/// `GET /leads/{id}`
pub(crate) async fn get(
    State(leads): State<Leads>,
    caller: Caller<Read>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|()| Error::lead_not_found())?;
    let (lead, team) = leads.table.lead(&caller.team, id).await?;
    let mut body = team.lead_json(&lead);
    if let Ok(photo) = lead.photo.parse() {
        body["photoUrl"] = json!(leads.photos.url(&caller.team, &photo).await?);
    }
    Ok(Answer::ok(&body).version(lead.version).into_response())
}
