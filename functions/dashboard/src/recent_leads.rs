use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::{LeadFilter, QueryFields, QueryInput};

use crate::Dashboard;
use crate::dates::Dates;

pub(crate) struct Recent {
    dates: Dates,
    limit: usize,
}

impl QueryInput for Recent {
    fn read(query: &mut QueryFields) -> Option<Self> {
        Some(Self { limit: query.limit(5, 50), dates: Dates::of(query) })
    }
}

/// `GET /leads/recent-leads`
pub(crate) async fn recent_leads(
    State(Dashboard { table, photos }): State<Dashboard>,
    caller: Caller<Read>,
    Params(Recent { dates, limit }): Params<Recent>,
) -> Result<Response, Error> {
    let period = dates.period(caller.at)?;
    let filter = LeadFilter {
        business: dates.business,
        from: Some(period.first),
        to: Some(period.last),
        ..LeadFilter::default()
    };
    let (leads, team) = table.first_leads(&caller.team, &filter, limit).await?;
    let mut leads: Vec<Value> = leads.iter().map(|lead| team.summary_json(lead)).collect();
    photos.link(&caller.team, &mut leads).await?;
    Ok(json(Value::Array(leads)))
}
