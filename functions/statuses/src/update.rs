use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, Segment, Valid};
use shared::model::{Answer, StatusUpdate};
use shared::table::Table;

/// `PUT /leads/status/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Segment(id): Segment,
    Valid(update): Valid<StatusUpdate>,
) -> Result<Answer, Error> {
    let id = id.parse().map_err(|()| Error::status_not_found())?;
    table.update_status(&caller, id, &update, |team, status| Answer::ok(team.status_json(status))).await
}
