use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, Manage, PathId, Read, ValidQuery};
use shared::domain::ViewId;
use shared::domain::error::Error;

use crate::LeadsState;

/// `DELETE /views/{id}`
pub(crate) async fn delete(
    State(LeadsState { views, .. }): State<LeadsState>,
    caller: Caller<Read>,
    PathId { id, .. }: PathId<ViewId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    views.delete_view(&caller, id, caller.has_access_right::<Manage>()).await?;
    Ok(Json(Confirmation { message: "View deleted successfully", description: "The leads stay as they are." }))
}
