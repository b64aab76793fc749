use axum::extract::State;
use shared::api::{Caller, FromQuery, Json, LeadSummaryResponse, QueryReader, Read, ValidQuery};
use shared::domain::LeadFilter;
use shared::domain::error::Error;

use crate::DashboardState;
use crate::period_params::PeriodParams;

/// Query parameters of `GET /leads/recent-leads`.
#[derive(Debug)]
pub struct RecentLeadsParams {
    dates: PeriodParams,
    limit: usize,
}

impl FromQuery for RecentLeadsParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self { limit: query.read_limit(5, 50), dates: PeriodParams::of(query) })
    }
}

/// `GET /leads/recent-leads`: the newest leads that were created in a period.
pub(crate) async fn recent_leads(
    State(DashboardState { leads: store, photos, .. }): State<DashboardState>,
    caller: Caller<Read>,
    ValidQuery(RecentLeadsParams { dates, limit }): ValidQuery<RecentLeadsParams>,
) -> Result<Json<Vec<LeadSummaryResponse>>, Error> {
    let period = dates.requested_period(caller.at)?;
    let filter = LeadFilter {
        business: dates.business,
        from: Some(period.first),
        to: Some(period.last),
        ..LeadFilter::default()
    };
    let (leads, team) = store.first_leads(&caller.team, &filter, limit).await?;
    let mut leads: Vec<_> = leads.iter().map(|lead| LeadSummaryResponse::new(lead, &team)).collect();
    photos.set_photo_urls(&caller.team, &mut leads).await?;
    Ok(Json(leads))
}
