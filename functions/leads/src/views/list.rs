use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Json, Read, ValidQuery};
use shared::domain::error::Error;

use super::ViewResponse;
use crate::LeadsState;

/// The answer of `GET /views`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Views {
    /// Number of views.
    count: usize,
    /// The caller's own views, then the team's shared views, each the newest first.
    views: Vec<ViewResponse>,
}

/// `GET /views`
pub(crate) async fn list(
    State(LeadsState { views, .. }): State<LeadsState>,
    caller: Caller<Read>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Views>, Error> {
    let views = views.views(&caller).await?;
    Ok(Json(Views { count: views.len(), views: views.iter().map(ViewResponse::from).collect() }))
}
