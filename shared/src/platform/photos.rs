//! Objects of photos in S3.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::domain::error::{Error, chain};
use crate::domain::{PhotoName, TeamId};
use crate::platform::deadline::with_deadline;

/// How long a `photoUrl` stays the same, so that browsers cache the photo.
pub const URL_PERIOD: Duration = Duration::from_secs(10 * 60);
/// Minimum validity of a `photoUrl`.
const MIN_URL_VALIDITY: Duration = Duration::from_secs(15 * 60);
/// Number of cached URLs. Each takes up to 1.5 KB, because it has the session token of the function.
const MAX_CACHED_URLS: usize = 4096;
/// Maximum number of objects of a DeleteObjects.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const MAX_DELETED_OBJECTS: usize = 1000;

/// Photos of every team in one private bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    client: Client,
    bucket: String,
    urls: Arc<Mutex<Urls>>,
}

/// URLs that were signed since the last step, by object. Signing would take longer than the rest of a list.
#[derive(Debug, Default)]
struct Urls {
    since: u64,
    signed: HashMap<String, String>,
}

/// Key of an upload's object before a lead has the photo. A lifecycle rule removes it after two days.
fn upload_key(team: &TeamId, photo: &PhotoName) -> String {
    format!("uploads/{}/{photo}", team.as_str())
}

/// Key of the object of a lead's photo.
fn key(team: &TeamId, photo: &PhotoName) -> String {
    format!("photos/{}/{photo}", team.as_str())
}

/// Signing time of the URLs that are given now: the start of the current period, in seconds since 1970.
pub fn url_since() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    now - now % URL_PERIOD.as_secs()
}

impl Photos {
    /// Creates a store of the photos in `bucket`, which `client` accesses.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into(), urls: Arc::default() }
    }

    /// A presigned GET of a lead's photo, valid for at least 15 minutes and the same for [`URL_PERIOD`].
    pub async fn url(&self, team: &TeamId, photo: &PhotoName) -> Result<String, Error> {
        let key = key(team, photo);
        let since = url_since();
        let urls = || self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut urls = urls();
            if urls.since != since || urls.signed.len() >= MAX_CACHED_URLS {
                *urls = Urls { since, ..Urls::default() };
            }
            if let Some(url) = urls.signed.get(&key) {
                return Ok(url.clone());
            }
        }
        let signing = PresigningConfig::builder()
            .start_time(SystemTime::UNIX_EPOCH + Duration::from_secs(since))
            .expires_in(URL_PERIOD + MIN_URL_VALIDITY)
            .build()
            .map_err(|e| Error::caused_by("presigning", &e))?;
        let request = self.client.get_object().bucket(&self.bucket).key(&key);
        let signed = request.presigned(signing).await.map_err(|e| failure("presigning", &e))?;
        let url = signed.uri().to_owned();
        let mut urls = urls();
        if urls.since == since {
            urls.signed.insert(key, url.clone());
        }
        Ok(url)
    }

    /// Stores an upload. It expires unless it is promoted.
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
        send("PutObject", request.send()).await?;
        Ok(())
    }

    /// Promotes an upload: copies it to the key of leads' photos, before a lead is given the photo, so that no lead
    /// points at a missing object. A missing upload is no error: a lead has the photo already, or the table will refuse
    /// it.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn promote(&self, team: &TeamId, photo: &PhotoName) -> Result<(), Error> {
        let source = format!("{}/{}", self.bucket, upload_key(team, photo));
        let request = self.client.copy_object().bucket(&self.bucket).key(key(team, photo)).copy_source(source);
        match with_deadline(request.send()).await {
            Some(Err(error)) if error.code() != Some("NoSuchKey") => Err(failure("CopyObject", &error)),
            Some(_) => Ok(()),
            None => Err(deadline_exceeded("CopyObject")),
        }
    }

    /// Removes objects of photos. On an error the rest is left to the clean-up.
    pub async fn try_remove(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) {
        if let Err(error) = self.remove(team, photos).await {
            tracing::warn!(%error, "left to the clean-up");
        }
    }

    /// Removes objects of photos. A missing object is no error.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn remove(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) -> Result<(), Error> {
        let keys = photos.into_iter().flat_map(|photo| [key(team, &photo), upload_key(team, &photo)]);
        let objects = keys.map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(|e| Error::caused_by("DeleteObjects", &e))?;
        for objects in objects.chunks(MAX_DELETED_OBJECTS) {
            let delete = Delete::builder().set_objects(Some(objects.to_vec())).quiet(true).build();
            let delete = delete.map_err(|e| Error::caused_by("DeleteObjects", &e))?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let output = send("DeleteObjects", request.send()).await?;
            if let Some(error) = output.errors().first() {
                return Err(Error::unavailable(format!("DeleteObjects: {}", error.code().unwrap_or_default())));
            }
        }
        Ok(())
    }
}

/// Sends a request within the deadline.
async fn send<O, E>(operation: &str, request: impl Future<Output = Result<O, SdkError<E>>>) -> Result<O, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    with_deadline(request)
        .await
        .ok_or_else(|| deadline_exceeded(operation))?
        .map_err(|error| failure(operation, &error))
}

fn deadline_exceeded(operation: &str) -> Error {
    Error::unavailable(format!("{operation}: no answer by the deadline"))
}

/// The error for a failure of S3 after the SDK's retries. It decides by the HTTP status first, because a 5xx may have
/// no code. <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn failure<E>(operation: &str, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error.code() {
        Some(code) => format!("{operation}: {code}: {}", error.message().unwrap_or_default()),
        None => format!("{operation}: {}", chain(error)),
    };
    match (error.raw_response().map(|response| response.status().as_u16()), error.code()) {
        (Some(429 | 500..) | None, _) => Error::unavailable(cause),
        (_, Some("SlowDown" | "RequestTimeout" | "OperationAborted" | "ServiceUnavailable" | "InternalError")) => {
            Error::unavailable(cause)
        }
        _ => Error::internal(cause),
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
