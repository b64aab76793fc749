use axum::extract::State;
use shared::api::{Caller, Create, IdempotentJson, LeadResponse, Read};
use shared::domain::error::Error;
use shared::domain::{Lead, NewLead, Team};
use shared::store::StoredResponse;

use crate::Leads;

/// `POST /leads`
pub(crate) async fn create(
    State(Leads { table, photos }): State<Leads>,
    caller: Caller<Create>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<NewLead>,
) -> Result<StoredResponse, Error> {
    let answer = |team: &Team, lead: &Lead| StoredResponse::created(LeadResponse::new(lead, team)).version(lead, team);
    if let Ok(photo) = body.photo_name().parse() {
        photos.promote(&caller.team, &photo).await?;
    }
    let caller_may_read = caller.has::<Read>();
    match table.create_lead(&caller, &body, idempotency_key.as_ref(), caller_may_read, answer).await {
        Ok(created) => photos.linked(&caller.team, created).await,
        Err(error) if caller_may_read => Err(error),
        Err(error) => Err(error.without_existing()),
    }
}
