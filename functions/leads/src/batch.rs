use axum::extract::State;
use shared::api::{BatchResponse, Caller, Create, IdempotentJson, Manage, Read, Write};
use shared::domain::error::Error;
use shared::domain::{BatchMode, LeadBatch, PhotoName, RowResult};
use shared::store::StoredResponse;

use crate::LeadsState;

/// `POST /leads/batch`
pub(crate) async fn write_batch(
    State(LeadsState { table, photos, .. }): State<LeadsState>,
    caller: Caller<Create>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<LeadBatch>,
) -> Result<StoredResponse, Error> {
    // With `update`, `upsert` or `dryRun`, a `Sender` key could find out which e-mail addresses exist.
    if body.mode != BatchMode::Create || body.dry_run {
        caller.require_access_right::<Write>()?;
    }
    if body.create_businesses {
        caller.require_access_right::<Manage>()?;
    }
    let caller_may_read = caller.has_access_right::<Read>();
    let told = |row: RowResult| if caller_may_read { row } else { row.without_existing_leads() };
    let answer =
        |rows: Vec<RowResult>| StoredResponse::ok(BatchResponse::from(rows.into_iter().map(told).collect::<Vec<_>>()));
    let (team, objects) = (&caller.team, &photos);
    let promote = |photo: PhotoName| async move { objects.promote_upload(team, &photo).await };
    let (answer, replaced_photos) =
        table.write_leads(&caller, &body, idempotency_key.as_ref(), caller_may_read, promote, answer).await?;
    photos.remove_or_leave_to_clean_up(&caller.team, replaced_photos).await;
    Ok(answer)
}
