use axum::extract::State;
use shared::api::{Caller, Confirmation, Json, LastPathParam, ValidQuery, Write};
use shared::domain::PhotoName;
use shared::domain::error::Error;

use crate::PhotosState;

/// `DELETE /leads/delete-photo/{fileName}`: first detaches the photo from its lead in the table, then removes the S3
/// objects.
pub(crate) async fn delete(
    State(photos): State<PhotosState>,
    caller: Caller<Write>,
    LastPathParam(name): LastPathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    let photo: PhotoName = name.parse().map_err(|()| Error::lead_not_found())?;
    photos.table.detach_photo(&caller, &photo).await?;
    photos.objects.remove_or_leave_to_clean_up(&caller.team, [photo]).await;
    Ok(Json(Confirmation {
        message: "Photo deleted successfully",
        description: "The photo has been deleted successfully.",
    }))
}
