use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, Post};
use shared::model::{Answer, StatusInput};
use shared::table::Table;

/// `POST /leads/status`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Post { body, once }: Post<StatusInput>,
) -> Result<Answer, Error> {
    table.add_status(&caller, &body, once.as_ref(), |team, status| Answer::created(team.status_json(status))).await
}
