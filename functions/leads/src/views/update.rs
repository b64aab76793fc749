use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, Read, ValidJson};
use shared::domain::error::Error;
use shared::domain::{ViewId, ViewInput};

use super::ViewResponse;
use crate::LeadsState;

/// `PUT /views/{id}`
pub(crate) async fn update(
    State(LeadsState { views, .. }): State<LeadsState>,
    caller: Caller<Read>,
    PathId { id, .. }: PathId<ViewId>,
    ValidJson(input): ValidJson<ViewInput>,
) -> Result<Json<ViewResponse>, Error> {
    if input.shared {
        caller.require_access_right::<Manage>()?;
    }
    let view = views.update_view(&caller, id, &input, caller.has_access_right::<Manage>()).await?;
    Ok(Json(ViewResponse::from(&view)))
}
