use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Post, Write};
use shared::model::{Answer, Lead, NewLead, Team};

use crate::Leads;

/// `POST /leads`
pub(crate) async fn create(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Write>,
    Post { body, once }: Post<NewLead>,
) -> Result<Answer, Error> {
    let answer = |team: &Team, lead: &Lead| Answer::created(team.lead_json(lead)).version(lead, team);
    if let Ok(photo) = body.photo().parse() {
        photos.keep(&caller.team, &photo).await?;
    }
    let created = table.create_lead(&caller, &body, once.as_ref(), answer).await?;
    photos.linked(&caller.team, created).await
}
