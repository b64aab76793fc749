use axum::extract::State;
use shared::api::{Caller, Create, IdempotentJson, LeadResponse, Read};
use shared::domain::error::Error;
use shared::domain::{Lead, NewLead, Team};
use shared::store::StoredResponse;

use crate::LeadsState;

/// `POST /leads`
pub(crate) async fn create(
    State(LeadsState { table, photos, .. }): State<LeadsState>,
    caller: Caller<Create>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<NewLead>,
) -> Result<StoredResponse, Error> {
    let answer =
        |team: &Team, lead: &Lead| StoredResponse::created(LeadResponse::new(lead, team)).with_lead_etag(lead, team);
    if let Ok(photo) = body.photo_name().parse() {
        photos.promote_upload(&caller.team, &photo).await?;
    }
    let caller_may_read = caller.has_access_right::<Read>();
    match table.create_lead(&caller, &body, idempotency_key.as_ref(), caller_may_read, answer).await {
        Ok(created) => photos.with_photo_url(&caller.team, created).await,
        Err(error) if caller_may_read => Err(error),
        Err(error) => Err(error.without_existing_lead()),
    }
}
