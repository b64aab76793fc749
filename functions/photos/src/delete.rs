use axum::extract::State;
use axum::response::Response;
use shared::error::Error;
use shared::http::{Caller, Params, PathParam, Write, done, json};
use shared::model::PhotoName;

use crate::PhotosOfLeads;

/// `DELETE /leads/delete-photo/{fileName}`: first no lead has it, then its object goes.
pub(crate) async fn delete(
    State(photos): State<PhotosOfLeads>,
    caller: Caller<Write>,
    PathParam(name): PathParam,
    Params(()): Params<()>,
) -> Result<Response, Error> {
    let photo: PhotoName = name.parse().map_err(|()| Error::lead_not_found())?;
    photos.table.detach_photo(&caller, &photo).await?;
    photos.objects.try_remove(&caller.team, [photo]).await;
    Ok(json(done("Photo deleted successfully", "The photo has been deleted successfully.")))
}
