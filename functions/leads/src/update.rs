use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, IfMatch, Segment, Valid, Write};
use shared::model::{Answer, LeadChange};

use crate::Leads;

/// `PUT /leads/{id}`
pub(crate) async fn update(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Segment(id): Segment,
    if_match: IfMatch,
    Valid(change): Valid<LeadChange>,
) -> Result<Answer, Error> {
    let id = id.parse().map_err(|()| Error::invalid_path_id("Invalid lead data"))?;
    leads.photos.keep(&caller.team, change.photo.as_deref().unwrap_or_default()).await?;
    let updated = leads.table.update_lead(&caller, id, &change, |version| if_match.allows(version)).await?;
    leads.photos.remove(&caller.team, updated.dropped).await?;
    Ok(Answer::ok(&updated.team.lead_json(&updated.lead)).version(updated.lead.version))
}
