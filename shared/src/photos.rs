//! S3: the objects of photos.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde_json::json;

use crate::deadline::bounded;
use crate::error::{Error, chain};
use crate::model::{LeadSummaryResponse, PhotoName, StoredResponse, TeamId};

/// How long a `photoUrl` stays the same, so that browsers keep what they have loaded (spec section 3).
const URL_STEP: Duration = Duration::from_secs(10 * 60);
/// How long a `photoUrl` is good for at least.
const URL_LIFE: Duration = Duration::from_secs(15 * 60);
/// URLs that are remembered, of up to some 1.5 KB each with the credentials of a function.
const MOST_URLS: usize = 4096;
/// Objects that one request removes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const DELETE_AT_ONCE: usize = 1000;

/// Photos of every team in one private bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    client: Client,
    bucket: String,
    urls: Arc<Mutex<Urls>>,
}

/// The URLs that were signed since the last step, by object: signing takes longer than all else of a list.
#[derive(Debug, Default)]
struct Urls {
    since: u64,
    signed: HashMap<String, String>,
}

/// Where an upload's object is until a lead has the photo. The bucket's lifecycle removes it after two days.
fn upload_key(team: &TeamId, photo: &PhotoName) -> String {
    format!("uploads/{}/{photo}", team.as_str())
}

/// Where the object of a lead's photo is.
fn key(team: &TeamId, photo: &PhotoName) -> String {
    format!("photos/{}/{photo}", team.as_str())
}

/// Since when a URL that is given now is good, in seconds since 1970.
fn url_since() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    now - now % URL_STEP.as_secs()
}

impl Photos {
    /// The photos in `bucket` behind `client`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into(), urls: Arc::default() }
    }

    /// Gives each of these leads the `photoUrl` of its photo, as it is answered. Makes no request.
    ///
    /// # Errors
    /// 500 without credentials.
    pub async fn link(&self, team: &TeamId, leads: &mut [LeadSummaryResponse]) -> Result<(), Error> {
        for lead in leads {
            if let Ok(photo) = lead.photo.parse() {
                lead.photo_url = Some(self.url(team, &photo).await?);
            }
        }
        Ok(())
    }

    /// The same of a response that is a lead; its `ETag` is another with each new URL.
    ///
    /// # Errors
    /// 500 without credentials.
    pub async fn linked(&self, team: &TeamId, mut answer: StoredResponse) -> Result<StoredResponse, Error> {
        let since = url_since();
        if let Some(photo) = answer.body["photo"].as_str().and_then(|photo| photo.parse().ok()) {
            answer.body["photoUrl"] = json!(self.url(team, &photo).await?);
            answer.tag(since / URL_STEP.as_secs());
        }
        Ok(answer)
    }

    /// A presigned GET of a lead's photo: good for 15 minutes and more, the same for several minutes.
    async fn url(&self, team: &TeamId, photo: &PhotoName) -> Result<String, Error> {
        let key = key(team, photo);
        let since = url_since();
        let urls = || self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut urls = urls();
            if urls.since != since || urls.signed.len() >= MOST_URLS {
                *urls = Urls { since, ..Urls::default() };
            }
            if let Some(url) = urls.signed.get(&key) {
                return Ok(url.clone());
            }
        }
        let signing = PresigningConfig::builder()
            .start_time(SystemTime::UNIX_EPOCH + Duration::from_secs(since))
            .expires_in(URL_STEP + URL_LIFE)
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
        asked("PutObject", request.send()).await?;
        Ok(())
    }

    /// Copies an upload to where it stays: before a lead is given the photo, so that no lead ever points at nothing. No
    /// error when there is no such upload: then it was none, or is a lead's already, or the table will refuse it.
    ///
    /// # Errors
    /// 503 when S3 stays out of reach.
    pub async fn keep(&self, team: &TeamId, photo: &PhotoName) -> Result<(), Error> {
        let source = format!("{}/{}", self.bucket, upload_key(team, photo));
        let request = self.client.copy_object().bucket(&self.bucket).key(key(team, photo)).copy_source(source);
        match bounded(request.send()).await {
            Some(Err(error)) if error.code() != Some("NoSuchKey") => Err(failure("CopyObject", &error)),
            Some(_) => Ok(()),
            None => Err(late("CopyObject")),
        }
    }

    /// Removes photos' objects, as well as it goes: what stays is the clean-up's to remove.
    pub async fn try_remove(&self, team: &TeamId, photos: impl IntoIterator<Item = PhotoName>) {
        if let Err(error) = self.remove(team, photos).await {
            tracing::warn!(%error, "left to the clean-up");
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
            let output = asked("DeleteObjects", request.send()).await?;
            if let Some(error) = output.errors().first() {
                return Err(Error::unavailable(format!("DeleteObjects: {}", error.code().unwrap_or_default())));
            }
        }
        Ok(())
    }
}

/// The answer to a request, within the deadline.
async fn asked<O, E>(operation: &str, request: impl Future<Output = Result<O, SdkError<E>>>) -> Result<O, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    bounded(request).await.ok_or_else(|| late(operation))?.map_err(|error| failure(operation, &error))
}

fn late(operation: &str) -> Error {
    Error::unavailable(format!("{operation}: no answer by the deadline"))
}

/// What an SDK error, its own retries used up, is to a caller; by the HTTP status first, as 5xx may come without a code.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
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
