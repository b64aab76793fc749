use axum::extract::State;
use shared::api::{Caller, Json, Manage, PathId, ValidQuery};
use shared::domain::WebhookId;
use shared::domain::error::Error;
use shared::store::Table;

use crate::WebhookResponse;

/// `GET /webhooks/{id}`
pub(crate) async fn get(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathId { id, .. }: PathId<WebhookId>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<WebhookResponse>, Error> {
    Ok(Json((&table.webhook(&caller.team, id).await?).into()))
}
