use axum::extract::State;
use shared::api::{Caller, Manage, ValidJson};
use shared::domain::error::Error;
use shared::domain::{StatusOrder, Team};
use shared::store::{StoredResponse, TeamStore};

use crate::response::StatusResponse;

/// `PUT /leads/statuses/order`: changes the order of the team's statuses, and answers with all statuses in the new
/// order.
pub(crate) async fn reorder(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    ValidJson(order): ValidJson<StatusOrder>,
) -> Result<StoredResponse, Error> {
    let answer = |team: &Team| StoredResponse::ok(StatusResponse::all_in_order(team));
    table.reorder_statuses(&caller, &order, answer).await
}
