use axum::extract::State;
use shared::api::{Caller, Create, IdempotentJson, Write};
use shared::domain::PhotoName;
use shared::domain::error::Error;
use shared::platform::entropy::random_bytes;
use shared::store::StoredResponse;

use crate::PhotosState;
use crate::form::PhotoUpload;

/// `POST /leads/upload-photo`: stores the object in S3 before the table has the upload, and promotes the object before
/// a lead gets the photo. After a crash in between, the objects expire or the clean-up removes them.
pub(crate) async fn upload(
    State(PhotosState { table, objects }): State<PhotosState>,
    caller: Caller<Create>,
    IdempotentJson { body: PhotoUpload { lead, image }, idempotency_key }: IdempotentJson<PhotoUpload>,
) -> Result<StoredResponse, Error> {
    if lead.is_some() {
        caller.require_access_right::<Write>()?;
    }
    if let Some(answer) = table.read_stored_response(&caller, idempotency_key.as_ref()).await? {
        return Ok(answer);
    }
    if let Some(lead) = lead {
        table.lead(&caller.team, lead).await?;
    }
    let photo = PhotoName::new(random_bytes()?, image.extension());
    let answer = StoredResponse::ok(photo.as_str());
    objects.put_upload(&caller.team, &photo, image.bytes, image.format.to_mime_type()).await?;
    let Some(lead) = lead else {
        return table.add_photo(&caller, &photo, idempotency_key.as_ref(), answer).await;
    };
    table.add_photo(&caller, &photo, None, answer.clone()).await?;
    objects.promote_upload(&caller.team, &photo).await?;
    let attached = table.attach_photo(&caller, lead, &photo, idempotency_key.as_ref(), answer).await?;
    objects.remove_or_leave_to_clean_up(&caller.team, attached.replaced_photo).await;
    Ok(attached.answer)
}
