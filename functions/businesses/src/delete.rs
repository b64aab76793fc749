use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, Params, Segment, done};
use shared::model::Answer;
use shared::table::Table;

/// `DELETE /businesses/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Answer, Error> {
    let id = id.parse().map_err(|()| Error::business_not_found())?;
    let body = done("Business deleted successfully", "The business has been deleted successfully.");
    table.delete_business(&caller, id, Answer::ok(body)).await
}
