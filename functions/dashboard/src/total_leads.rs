use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Caller, Params, Read, json};
use shared::model::{Colour, FieldError, QueryFields, QueryInput, Status, StatusId, percentage_change};

use crate::Dashboard;
use crate::dates::{Dates, with_before};

/// The colour of all statuses together.
const TOTAL: Colour = Colour::Slategray;

pub(crate) struct Total {
    dates: Dates,
    status: Option<StatusId>,
}

impl QueryInput for Total {
    fn read(query: &mut QueryFields) -> Option<Self> {
        let status = query.one("statusId", "a positive integer", |text| text.parse().ok());
        Some(Self { dates: Dates::of(query), status })
    }
}

/// `GET /leads/total-leads`
pub(crate) async fn total_leads(
    State(Dashboard { table, .. }): State<Dashboard>,
    caller: Caller<Read>,
    Params(Total { dates, status }): Params<Total>,
) -> Result<Response, Error> {
    let period = dates.period(caller.at)?;
    let (creations, team) = table.creations(&caller.team, with_before(period), &dates.business).await?;
    let figure = |name: &str, colour: Colour, status: Option<StatusId>| -> Value {
        let now = creations.count(period, status);
        let before = creations.count(period.before(), status);
        json!({
            "name": name,
            "current": now,
            "percentageChange": percentage_change(now, before),
            "color": colour,
            "backgroundColor": colour.light(),
        })
    };
    let of_status = |status: &Status| figure(&status.name, status.colour, Some(status.id));
    let mut body = match status {
        None => figure("Total", TOTAL, None),
        Some(id) => team.status(id).map(of_status).ok_or_else(unknown_status)?,
    };
    body["statuses"] = team.statuses.iter().map(of_status).collect();
    Ok(json(body))
}

fn unknown_status() -> Error {
    Error::invalid("Invalid query", vec![FieldError::new("statusId", "is not a status of the team")])
}
