use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::{Business, FieldError, percentage_change};

use crate::Dashboard;
use crate::dates::{Dates, with_before};

/// The largest answer, in days times businesses: well within the 6 MB that Lambda can answer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MOST_FIGURES: i64 = 200_000;

/// `GET /leads/leads-volume`
pub(crate) async fn volume(
    State(Dashboard { table, .. }): State<Dashboard>,
    caller: Caller<Read>,
    Params(dates): Params<Dates>,
) -> Result<Response, Error> {
    let period = dates.period(caller.at)?;
    let (creations, team) = table.creations(&caller.team, with_before(period), &dates.business).await?;
    let shown = |business: &&Business| dates.business.is_empty() || dates.business.contains(&business.id);
    let businesses: Vec<&Business> = team.businesses.iter().filter(shown).collect();
    if period.length().saturating_mul(i64::try_from(businesses.len()).unwrap_or(i64::MAX)) > MOST_FIGURES {
        let message = "name fewer businesses, or fewer days: this would be more than 200,000 figures";
        return Err(Error::invalid("Invalid query", vec![FieldError::new("business", message)]));
    }
    let series =
        businesses.iter().map(|business| (business.name.clone(), json!(creations.per_day(period, Some(business.id)))));
    let data: Map<String, Value> = series.collect();
    let now = creations.count(period, None);
    let before = creations.count(period.before(), None);
    Ok(json(json!({
        "labels": period.days().collect::<Vec<_>>(),
        "data": data,
        "unassigned": creations.per_day(period, None),
        "totalLeadsAmount": now,
        "percentageChange": percentage_change(now, before),
    })))
}
