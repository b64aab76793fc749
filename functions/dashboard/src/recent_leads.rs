use axum::extract::State;
use shared::api::{Caller, Json, LeadSummaryResponse, QueryInput, QueryReader, Read, ValidQuery};
use shared::domain::LeadFilter;
use shared::domain::error::Error;

use crate::Dashboard;
use crate::dates::PeriodParams;

/// Query parameters of `GET /leads/recent-leads`.
#[derive(Debug)]
pub struct RecentParams {
    dates: PeriodParams,
    limit: usize,
}

impl QueryInput for RecentParams {
    fn read(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self { limit: query.limit(5, 50), dates: PeriodParams::of(query) })
    }
}

/// `GET /leads/recent-leads`: the newest leads that were created in a period.
pub(crate) async fn recent_leads(
    State(Dashboard { leads: store, photos, .. }): State<Dashboard>,
    caller: Caller<Read>,
    ValidQuery(RecentParams { dates, limit }): ValidQuery<RecentParams>,
) -> Result<Json<Vec<LeadSummaryResponse>>, Error> {
    let period = dates.period(caller.at)?;
    let filter = LeadFilter {
        business: dates.business,
        from: Some(period.first),
        to: Some(period.last),
        ..LeadFilter::default()
    };
    let (leads, team) = store.first_leads(&caller.team, &filter, limit).await?;
    let mut leads: Vec<_> = leads.iter().map(|lead| LeadSummaryResponse::new(lead, &team)).collect();
    photos.link(&caller.team, &mut leads).await?;
    Ok(Json(leads))
}
