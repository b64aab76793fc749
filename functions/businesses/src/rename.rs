use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Manage, PathParam, ValidJson};
use shared::model::{BusinessInput, DomainError, StoredResponse};
use shared::table::Table;

/// `PUT /businesses/{id}`
pub(crate) async fn rename(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(input): ValidJson<BusinessInput>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| DomainError::UnknownBusiness)?;
    table.rename_business(&caller, id, &input, |business| StoredResponse::ok(business)).await
}
