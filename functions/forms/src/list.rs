use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Manage, ValidQuery};
use shared::domain::error::Error;
use shared::store::FormStore;

use crate::FormResponse;

/// The answer of `GET /forms`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Forms {
    /// Number of forms.
    count: usize,
    /// The team's forms, newest first.
    forms: Vec<FormResponse>,
}

/// `GET /forms`
pub(crate) async fn list(
    State(table): State<FormStore>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Forms>, Error> {
    let (forms, team) = table.forms(&caller.team).await?;
    let forms: Vec<_> = forms.iter().map(|(form, statistics)| FormResponse::of(&team, form, statistics)).collect();
    Ok(Json(Forms { count: forms.len(), forms }))
}
