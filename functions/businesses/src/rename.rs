use axum::extract::State;
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Manage, Segment, Valid};
use shared::model::{Answer, BusinessInput};
use shared::table::Table;

/// `PUT /businesses/{id}`
pub(crate) async fn rename(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Segment(id): Segment,
    Valid(input): Valid<BusinessInput>,
) -> Result<Answer, Error> {
    let id = id.parse().map_err(|()| Error::business_not_found())?;
    table.rename_business(&caller, id, &input, |business| Answer::ok(json!(business))).await
}
