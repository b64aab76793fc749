use axum::extract::State;
use shared::api::{Caller, Manage, PathId, ValidJson};
use shared::domain::error::Error;
use shared::domain::{BusinessId, BusinessInput};
use shared::store::{StoredResponse, TeamStore};

/// `PUT /businesses/{id}`: renames a business.
pub(crate) async fn rename(
    State(table): State<TeamStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<BusinessId>,
    ValidJson(input): ValidJson<BusinessInput>,
) -> Result<StoredResponse, Error> {
    table.rename_business(&caller, id, &input, |business| StoredResponse::ok(business)).await
}
