use axum::extract::State;
use serde_json::Value;
use shared::error::Error;
use shared::http::{Caller, Manage, Valid};
use shared::model::{StatusOrder, StoredResponse, Team};
use shared::table::Table;

/// `PUT /leads/statuses/order`: answers every status in its new place.
pub(crate) async fn reorder(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Valid(order): Valid<StatusOrder>,
) -> Result<StoredResponse, Error> {
    let answer = |team: &Team| {
        StoredResponse::ok(Value::Array(team.statuses.iter().map(|status| team.status_json(status)).collect()))
    };
    table.reorder_statuses(&caller, &order, answer).await
}
