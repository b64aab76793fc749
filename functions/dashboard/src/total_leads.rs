use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, FromQuery, Json, QueryReader, Read, ValidQuery, Validator as _, positive_integer_validator};
use shared::domain::error::Error;
use shared::domain::{Colour, FieldError, Status, StatusId, Team, percentage_change};

use crate::DashboardState;
use crate::period_params::{PeriodParams, extend_to_previous};

/// Colour of the figure for the total number of leads.
const TOTAL_COLOUR: Colour = Colour::Slategray;

/// Query parameters of `GET /leads/total-leads`.
#[derive(Debug)]
pub struct TotalLeadsParams {
    dates: PeriodParams,
    status: Option<StatusId>,
}

impl FromQuery for TotalLeadsParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        let status = query.read_single_value(
            "statusId",
            &positive_integer_validator().with_description("Returns the figures of this status instead of the total."),
        );
        Some(Self { dates: PeriodParams::of(query), status })
    }
}

/// Number of leads created in the period, of one status or in total.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// Name of the status, or `Total`.
    name: String,
    /// Number of leads that were created in the period.
    current: i64,
    /// Number of leads that were created in the previous period.
    previous: i64,
    /// Change of the number from the previous period to this one, in percent.
    percentage_change: f64,
    /// Colour in which to show the figure.
    color: Colour,
    /// Background colour of the figure: the light variant of `color`, as a CSS name.
    background_color: String,
}

/// The answer of `GET /leads/total-leads`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    #[serde(flatten)]
    figure: Figure,
    /// One figure for each status, in the order of the team's statuses.
    statuses: Vec<Figure>,
}

/// `GET /leads/total-leads`: the number of leads created in a period, by status.
pub(crate) async fn total_leads(
    State(DashboardState { counters, .. }): State<DashboardState>,
    caller: Caller<Read>,
    ValidQuery(TotalLeadsParams { dates, status }): ValidQuery<TotalLeadsParams>,
) -> Result<Json<Totals>, Error> {
    let period = dates.requested_period(caller.at)?;
    let (creations, team) =
        counters.count_created_leads(&caller.team, extend_to_previous(period), &dates.business).await?;
    let figure = |name: &str, color: Colour, status: Option<StatusId>| {
        let current = creations.created_in(period, status);
        let previous = creations.created_in(period.previous_period(), status);
        let percentage_change = percentage_change(current, previous);
        let background_color = color.light_variant();
        Figure { name: name.to_owned(), current, previous, percentage_change, color, background_color }
    };
    let of_status = |status: &Status| figure(&status.name, status.colour, Some(status.id));
    let asked = match status {
        None => figure("Total", TOTAL_COLOUR, None),
        Some(id) => team.status(id).map(of_status).ok_or_else(unknown_status_error)?,
    };
    Ok(Json(Totals { figure: asked, statuses: team.statuses.iter().map(of_status).collect() }))
}

fn unknown_status_error() -> Error {
    Error::invalid_fields("Invalid query", vec![FieldError::new("statusId", Team::unknown_status_fault())])
}
