use std::collections::BTreeMap;

use axum::extract::State;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Read, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{Business, ErrorCode, FieldError, Status, StatusId, percentage_change};

use crate::DashboardState;
use crate::period_params::{PeriodParams, extend_to_previous};

/// Maximum number of figures by business (days times businesses) of an answer, to stay well within Lambda's 6 MB. The
/// series of the team's statuses, at most 12, are a fraction of it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_FIGURES: i64 = 200_000;

/// The answer of `GET /leads/leads-volume`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Every day of the period, in order.
    labels: Vec<Date>,
    /// Number of leads created on each day, by name of the business.
    data: BTreeMap<String, BTreeMap<Date, i64>>,
    /// Number of leads without a business that were created on each day. 0 if the query names businesses.
    unassigned: BTreeMap<Date, i64>,
    /// Number of leads created on each day, by the status that they have now. The numbers of all statuses add up to
    /// `totalLeadsAmount`.
    statuses: Vec<StatusVolume>,
    /// Number of distinct leads that were created in the period. A lead of several businesses counts once.
    total_leads_amount: i64,
    /// Number of distinct leads that were created in the previous period.
    previous_leads_amount: i64,
    /// Change of the number of leads from the previous period to this one, in percent.
    percentage_change: f64,
}

/// Number of leads of one status, by day of creation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusVolume {
    /// Id of the status.
    id: StatusId,
    /// Name of the status.
    name: String,
    /// Number of leads created on each day that have the status now.
    data: BTreeMap<Date, i64>,
}

/// `GET /leads/leads-volume`: the number of leads created on each day of a period, by business.
pub(crate) async fn leads_volume(
    State(DashboardState { counters, .. }): State<DashboardState>,
    caller: Caller<Read>,
    ValidQuery(dates): ValidQuery<PeriodParams>,
) -> Result<Json<Volume>, Error> {
    let period = dates.requested_period(caller.at)?;
    let (creations, team) =
        counters.count_created_leads(&caller.team, extend_to_previous(period), &dates.business).await?;
    let shown = |business: &&Business| dates.business.is_empty() || dates.business.contains(&business.id);
    let businesses: Vec<&Business> = team.businesses.iter().filter(shown).collect();
    if period.length_in_days().saturating_mul(i64::try_from(businesses.len()).unwrap_or(i64::MAX)) > MAX_FIGURES {
        let message = "name fewer businesses, or fewer days: this would be more than 200,000 figures";
        let fault = ErrorCode::OutOfRange.with_message(message);
        return Err(Error::invalid_fields("Invalid query", vec![FieldError::new("business", fault)]));
    }
    let series = |business: &Business| (business.name.clone(), creations.created_per_day(period, Some(business.id)));
    let status_volume = |status: &Status| StatusVolume {
        id: status.id,
        name: status.name.clone(),
        data: creations.created_per_day_with_status(period, status.id),
    };
    let (now, before) = (creations.created_in(period, None), creations.created_in(period.previous_period(), None));
    Ok(Json(Volume {
        labels: period.days().collect(),
        data: businesses.into_iter().map(series).collect(),
        unassigned: creations.created_per_day(period, None),
        statuses: team.statuses.iter().map(status_volume).collect(),
        total_leads_amount: now,
        previous_leads_amount: before,
        percentage_change: percentage_change(now, before),
    }))
}
