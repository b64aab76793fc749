//! Photos of leads, as objects in one S3 bucket, and their presigned URLs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::domain::error::{Error, error_chain};
use crate::domain::{PhotoName, TeamId};
use crate::platform::deadline::run_until_deadline;

/// Length of the periods within which a photo keeps the same presigned URL (`photoUrl`), so that browsers can cache the
/// photo. Periods are counted from 1970.
pub const STABLE_URL_PERIOD: Duration = Duration::from_secs(10 * 60);
/// Minimum time for which a presigned `photoUrl` is still valid when a response with the URL is sent.
const MIN_URL_VALIDITY: Duration = Duration::from_secs(15 * 60);
/// Maximum number of presigned URLs in the cache. A URL takes up to 1.5 KB, because it contains the session token of
/// the function's role.
const MAX_CACHED_URLS: usize = 4096;
/// Maximum number of objects that one DeleteObjects request can delete.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const MAX_DELETED_OBJECTS: usize = 1000;

/// Client of the private S3 bucket that holds the photos of all teams. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PhotoBucket {
    client: Client,
    bucket: String,
    urls: Arc<Mutex<PresignedUrlCache>>,
}

/// Cache of the presigned URLs of the current [`STABLE_URL_PERIOD`], by object key. Signing the URLs anew for each list
/// of leads would take longer than the rest of the request.
#[derive(Debug, Default)]
struct PresignedUrlCache {
    since: u64,
    signed: HashMap<String, String>,
}

/// S3 key of an uploaded photo that no lead has yet. A lifecycle rule of the bucket deletes objects under `uploads/`
/// after two days.
fn upload_key(team: &TeamId, photo: &PhotoName) -> String {
    format!("uploads/{}/{photo}", team.as_str())
}

/// S3 key of a photo that a lead has, or is about to get.
fn photo_key(team: &TeamId, photo: &PhotoName) -> String {
    format!("photos/{}/{photo}", team.as_str())
}

/// Signing time that presigned URLs have now: the start of the current [`STABLE_URL_PERIOD`], in seconds since 1970.
pub fn current_url_signing_time() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    now - now % STABLE_URL_PERIOD.as_secs()
}

impl PhotoBucket {
    /// Creates a client of the photos in `bucket`, which sends its requests through `client`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into(), urls: Arc::default() }
    }

    /// Returns a presigned GET URL of a lead's photo. The URL is valid for at least 15 minutes, and stays the same
    /// within a [`STABLE_URL_PERIOD`].
    pub async fn presigned_url(&self, team: &TeamId, photo: &PhotoName) -> Result<String, Error> {
        let key = photo_key(team, photo);
        let since = current_url_signing_time();
        let urls = || self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut urls = urls();
            if urls.since != since || urls.signed.len() >= MAX_CACHED_URLS {
                *urls = PresignedUrlCache { since, ..PresignedUrlCache::default() };
            }
            if let Some(url) = urls.signed.get(&key) {
                return Ok(url.clone());
            }
        }
        let signing = PresigningConfig::builder()
            .start_time(SystemTime::UNIX_EPOCH + Duration::from_secs(since))
            .expires_in(STABLE_URL_PERIOD + MIN_URL_VALIDITY)
            .build()
            .map_err(|e| Error::caused_by("presigning", &e))?;
        let request = self.client.get_object().bucket(&self.bucket).key(&key);
        let signed = request.presigned(signing).await.map_err(|e| s3_error("presigning", &e))?;
        let url = signed.uri().to_owned();
        let mut urls = urls();
        if urls.since == since {
            urls.signed.insert(key, url.clone());
        }
        Ok(url)
    }

    /// Stores an uploaded photo under `uploads/`. The object expires there unless [`PhotoBucket::promote_upload`]
    /// copies it to `photos/`.
    ///
    /// # Errors
    /// 503 when S3 is overloaded or unreachable, or does not answer before the deadline. 500 when S3 refuses the
    /// request.
    pub async fn put_upload(
        &self,
        team: &TeamId,
        photo: &PhotoName,
        object: impl Into<ByteStream>,
        content_type: &str,
    ) -> Result<(), Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(upload_key(team, photo));
        let request = request.content_type(content_type).body(object.into());
        send_s3_request("PutObject", request.send()).await?;
        Ok(())
    }

    /// Copies an uploaded photo from `uploads/` to `photos/`, before the photo is attached to a lead. A missing upload
    /// is no error.
    ///
    /// # Errors
    /// 503 when S3 is overloaded or unreachable, or does not answer before the deadline. 500 when S3 refuses the
    /// request.
    pub async fn promote_upload(&self, team: &TeamId, photo: &PhotoName) -> Result<(), Error> {
        let source = format!("{}/{}", self.bucket, upload_key(team, photo));
        let request = self.client.copy_object().bucket(&self.bucket).key(photo_key(team, photo)).copy_source(source);
        match run_until_deadline(request.send()).await {
            Some(Err(error)) if error.code() != Some("NoSuchKey") => Err(s3_error("CopyObject", &error)),
            Some(_) => Ok(()),
            None => Err(deadline_exceeded("CopyObject")),
        }
    }

    /// Deletes the S3 objects of photos. If an error occurs, logs a warning and leaves the remaining objects to the
    /// clean-up.
    pub async fn remove_or_leave_to_clean_up(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) {
        if let Err(error) = self.delete_photo_objects(team, photos).await {
            tracing::warn!(%error, "left to the clean-up");
        }
    }

    /// Deletes the S3 objects of photos, under `photos/` and under `uploads/`. A missing object is no error.
    ///
    /// # Errors
    /// 503 when S3 is overloaded or unreachable, does not delete an object, or does not answer before the deadline. 500
    /// when S3 refuses the request.
    pub async fn delete_photo_objects(
        &self,
        team: &TeamId,
        photos: impl IntoIterator<Item = PhotoName>,
    ) -> Result<(), Error> {
        let keys = photos.into_iter().flat_map(|photo| [photo_key(team, &photo), upload_key(team, &photo)]);
        let objects = keys.map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(|e| Error::caused_by("DeleteObjects", &e))?;
        for objects in objects.chunks(MAX_DELETED_OBJECTS) {
            let delete = Delete::builder().set_objects(Some(objects.to_vec())).quiet(true).build();
            let delete = delete.map_err(|e| Error::caused_by("DeleteObjects", &e))?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let output = send_s3_request("DeleteObjects", request.send()).await?;
            if let Some(error) = output.errors().first() {
                return Err(Error::unavailable(format!("DeleteObjects: {}", error.code().unwrap_or_default())));
            }
        }
        Ok(())
    }
}

/// Sends a request to S3, and cancels the request at the deadline.
async fn send_s3_request<O, E>(
    operation: &str,
    request: impl Future<Output = Result<O, SdkError<E>>>,
) -> Result<O, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    run_until_deadline(request)
        .await
        .ok_or_else(|| deadline_exceeded(operation))?
        .map_err(|error| s3_error(operation, &error))
}

fn deadline_exceeded(operation: &str) -> Error {
    Error::unavailable(format!("{operation}: no answer by the deadline"))
}

/// Converts an error of S3 that the SDK's retries did not cure: 503 if S3 was overloaded or out of reach, else 500. The
/// HTTP status is checked before the error code, because a 5xx may have no code.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn s3_error<E>(operation: &str, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error.code() {
        Some(code) => format!("{operation}: {code}: {}", error.message().unwrap_or_default()),
        None => format!("{operation}: {}", error_chain(error)),
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
    fn photo_and_upload_keys_have_fixed_formats() {
        let (Ok(team), Ok(photo)) = ("demo".parse(), "photo.jpg".parse()) else { unreachable!() };
        assert_eq!(photo_key(&team, &photo), "photos/demo/photo.jpg");
        assert_eq!(upload_key(&team, &photo), "uploads/demo/photo.jpg");
    }
}
