//! S3: the objects of photos.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::error::{Error, chain};
use crate::model::{PhotoName, TeamId};

/// How long a `photoUrl` is good for (spec section 3).
const URL_LIFE: Duration = Duration::from_secs(15 * 60);
/// Objects that one request removes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const DELETE_AT_ONCE: usize = 1000;

/// Photos of every team in one private bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    client: Client,
    bucket: String,
}

/// Where an upload's object is until a lead has the photo. The bucket's lifecycle removes it after two days.
fn upload_key(team: &TeamId, photo: &PhotoName) -> String {
    format!("uploads/{}/{photo}", team.as_str())
}

/// Where the object of a lead's photo is.
fn key(team: &TeamId, photo: &PhotoName) -> String {
    format!("photos/{}/{photo}", team.as_str())
}

impl Photos {
    /// The photos in `bucket` behind `client`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }

    /// A presigned GET of a lead's photo, good for 15 minutes. Makes no request.
    ///
    /// # Errors
    /// 500 without credentials.
    pub async fn url(&self, team: &TeamId, photo: &PhotoName) -> Result<String, Error> {
        let life = PresigningConfig::expires_in(URL_LIFE).map_err(|e| Error::caused_by("presigning", &e))?;
        let request = self.client.get_object().bucket(&self.bucket).key(key(team, photo));
        let signed = request.presigned(life).await.map_err(|e| failure("presigning", e))?;
        Ok(signed.uri().to_owned())
    }

    /// Stores an upload, which goes by itself unless it is kept.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn put(
        &self,
        team: &TeamId,
        photo: &PhotoName,
        object: impl Into<ByteStream>,
        content_type: &str,
    ) -> Result<(), Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(upload_key(team, photo));
        let request = request.content_type(content_type).body(object.into());
        request.send().await.map_err(|e| failure("PutObject", e))?;
        Ok(())
    }

    /// Copies an upload to where it stays: before a lead is given the photo, so that no lead ever points at nothing. No
    /// error when `name` names no upload: then it is none, or a lead's already, or the table will refuse it.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn keep(&self, team: &TeamId, name: &str) -> Result<(), Error> {
        let Ok(photo) = name.parse() else { return Ok(()) };
        let source = format!("{}/{}", self.bucket, upload_key(team, &photo));
        let request = self.client.copy_object().bucket(&self.bucket).key(key(team, &photo)).copy_source(source);
        match request.send().await {
            Err(error) if error.code() != Some("NoSuchKey") => Err(failure("CopyObject", error)),
            _ => Ok(()),
        }
    }

    /// Removes photos' objects; one that is gone already is no error.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn remove(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) -> Result<(), Error> {
        let keys = photos.into_iter().flat_map(|photo| [key(team, &photo), upload_key(team, &photo)]);
        let objects = keys.map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(|e| Error::caused_by("DeleteObjects", &e))?;
        for objects in objects.chunks(DELETE_AT_ONCE) {
            let delete = Delete::builder().set_objects(Some(objects.to_vec())).quiet(true).build();
            let delete = delete.map_err(|e| Error::caused_by("DeleteObjects", &e))?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let output = request.send().await.map_err(|e| failure("DeleteObjects", e))?;
            if let Some(error) = output.errors().first() {
                return Err(Error::unavailable(format!("DeleteObjects: {}", error.code().unwrap_or_default())));
            }
        }
        Ok(())
    }
}

/// What an SDK error, its own retries used up, is to a caller.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn failure<E>(operation: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some("SlowDown" | "ServiceUnavailable" | "InternalError" | "RequestTimeout") | None => {
            Error::unavailable(format!("{operation}: {}", chain(&error)))
        }
        Some(code) => Error::internal(format!("{operation}: {code}: {}", error.message().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_pinned() {
        let (Ok(team), Ok(photo)) = ("demo".parse(), "photo.jpg".parse()) else { unreachable!() };
        assert_eq!(key(&team, &photo), "photos/demo/photo.jpg");
        assert_eq!(upload_key(&team, &photo), "uploads/demo/photo.jpg");
    }
}
