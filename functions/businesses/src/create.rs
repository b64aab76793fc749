use axum::extract::State;
use serde_json::json;
use shared::error::Error;
use shared::http::{Caller, Manage, Post};
use shared::model::{Answer, BusinessInput};
use shared::table::Table;

/// `POST /businesses`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    Post { body, once }: Post<BusinessInput>,
) -> Result<Answer, Error> {
    table.add_business(&caller, &body, once.as_ref(), |business| Answer::created(json!(business))).await
}
