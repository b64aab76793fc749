use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, Params, Segment, done};
use shared::model::Answer;
use shared::table::Table;

/// `DELETE /leads/status/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Answer, Error> {
    let id = id.parse().map_err(|()| Error::cannot_delete_status("There is no such status."))?;
    let body = done("Lead status deleted successfully", "The lead status has been deleted successfully.");
    table.delete_status(&caller, id, Answer::ok(body)).await
}
