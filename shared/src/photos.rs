//! S3: the objects of photos.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;

use crate::error::{Error, chain};
use crate::model::{PhotoName, TeamId};

/// How long a `photoUrl` is good for (spec section 3).
const URL_LIFE: Duration = Duration::from_secs(15 * 60);

/// Photos of every team in one private bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    client: Client,
    bucket: String,
}

/// Where a photo's object is.
fn key(team: &TeamId, photo: &PhotoName) -> String {
    format!("photos/{}/{photo}", team.as_str())
}

impl Photos {
    /// The photos in `bucket` behind `client`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }

    /// A presigned GET, good for 15 minutes. Makes no request.
    pub async fn url(&self, team: &TeamId, photo: &PhotoName) -> Result<String, Error> {
        let life = PresigningConfig::expires_in(URL_LIFE).map_err(|e| Error::caused_by("presigning", &e))?;
        let request = self.client.get_object().bucket(&self.bucket).key(key(team, photo));
        let signed = request.presigned(life).await.map_err(|e| failure("presigning", e))?;
        Ok(signed.uri().to_owned())
    }

    /// Stores a photo's object.
    pub async fn put(&self, team: &TeamId, photo: &PhotoName, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(key(team, photo)).content_type(content_type);
        request.body(bytes.into()).send().await.map_err(|e| failure("PutObject", e))?;
        Ok(())
    }

    /// Removes photos' objects; one that is gone already is no error.
    pub async fn remove(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) -> Result<(), Error> {
        for photo in photos {
            let request = self.client.delete_object().bucket(&self.bucket).key(key(team, &photo));
            request.send().await.map_err(|e| failure("DeleteObject", e))?;
        }
        Ok(())
    }
}

fn failure<E>(operation: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code) => Error::internal(format!("{operation}: {code}: {}", error.message().unwrap_or_default())),
        None => Error::unavailable(format!("{operation}: {}", chain(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_pinned() {
        let (Ok(team), Ok(photo)) = ("demo".parse(), "photo.jpg".parse()) else { unreachable!() };
        assert_eq!(key(&team, &photo), "photos/demo/photo.jpg");
    }
}
