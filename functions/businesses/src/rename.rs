use axum::extract::State;
use shared::api::{Caller, Manage, PathParam, ValidJson};
use shared::domain::error::Error;
use shared::domain::{BusinessInput, DomainError, StoredResponse};
use shared::store::Table;

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
