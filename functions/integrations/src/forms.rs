use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Confirmation, IdempotentJson, Json, Manage, PathParam, ValidJson, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{Form, FormInput, FormResponse, FormStatistics, StoredResponse, Team};
use shared::platform::entropy::random;
use shared::store::Table;

/// The answer of `GET /forms`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Forms {
    /// How many there are.
    count: usize,
    /// The newest first.
    forms: Vec<FormResponse>,
}

/// `GET /forms`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Forms>, Error> {
    let (forms, team) = table.forms(&caller.team).await?;
    let forms: Vec<_> = forms.iter().map(|(form, statistics)| team.form(form, statistics)).collect();
    Ok(Json(Forms { count: forms.len(), forms }))
}

/// `POST /forms`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<FormInput>,
) -> Result<StoredResponse, Error> {
    let answer = |team: &Team, form: &Form| StoredResponse::created(team.form(form, &FormStatistics::default()));
    table.add_form(&caller, &body, random()?, idempotency_key.as_ref(), answer).await
}

/// `PUT /forms/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(input): ValidJson<FormInput>,
) -> Result<Json<FormResponse>, Error> {
    let id = id.parse().map_err(|()| Error::form_not_found())?;
    let (form, statistics, team) = table.update_form(&caller, id, &input).await?;
    Ok(Json(team.form(&form, &statistics)))
}

/// `DELETE /forms/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    let id = id.parse().map_err(|()| Error::form_not_found())?;
    table.delete_form(&caller, id).await?;
    Ok(Json(Confirmation { message: "Form deleted successfully", description: "The form takes no more submissions." }))
}
