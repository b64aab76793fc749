use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, ValidJson};
use shared::domain::error::Error;
use shared::domain::{FormId, FormInput};
use shared::store::FormStore;

use crate::FormResponse;

/// `PUT /forms/{id}`
pub(crate) async fn update(
    State(table): State<FormStore>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<FormId>,
    ValidJson(input): ValidJson<FormInput>,
) -> Result<Json<FormResponse>, Error> {
    let (form, statistics, team) = table.update_form(&caller, id, &input).await?;
    Ok(Json(FormResponse::of(&team, &form, &statistics)))
}
