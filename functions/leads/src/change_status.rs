use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Caller, Valid, Write, json};
use shared::model::StatusChange;
use shared::table::Bulk;

use crate::Leads;

/// `PUT /leads/change-status`
pub(crate) async fn change_status(
    State(leads): State<Leads>,
    caller: Caller<Write>,
    Valid(StatusChange { ids, status_id }): Valid<StatusChange>,
) -> Result<Response, Error> {
    let team = leads.table.change_leads(&caller, &ids, Bulk::ChangeStatus(status_id)).await?.team;
    let status = team.status(status_id).map(|status| &status.name);
    let changed = ids.iter().map(|id| json!({ "id": id, "status": status, "statusId": status_id }));
    Ok(json(Value::Array(changed.collect())))
}
