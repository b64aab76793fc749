use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, PathParam, Valid};
use shared::model::{BusinessInput, Refusal, StoredResponse};
use shared::table::Table;

/// `PUT /businesses/{id}`
pub(crate) async fn rename(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Valid(input): Valid<BusinessInput>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| Refusal::UnknownBusiness)?;
    table.rename_business(&caller, id, &input, |business| StoredResponse::ok(business)).await
}
