//! Adds presigned URLs of photos to responses.

use serde_json::json;

use super::LeadSummaryResponse;
use crate::domain::TeamId;
use crate::domain::error::Error;
use crate::platform::photos::{PhotoBucket, STABLE_URL_PERIOD, current_url_signing_time};
use crate::store::StoredResponse;

impl PhotoBucket {
    /// Sets `photoUrl` of each lead that has a photo. URLs are signed locally, without a request to S3.
    ///
    /// # Errors
    /// 503 if no AWS credentials are available to sign with.
    pub async fn set_photo_urls(&self, team: &TeamId, leads: &mut [LeadSummaryResponse]) -> Result<(), Error> {
        for lead in leads {
            if let Ok(photo) = lead.photo.parse() {
                lead.photo_url = Some(self.presigned_url(team, &photo).await?);
            }
        }
        Ok(())
    }

    /// Sets `photoUrl` in a response whose body is a lead with a photo. Appends the number of the URL's signing period
    /// to the `ETag`, because the URL changes with each period.
    ///
    /// # Errors
    /// 503 if no AWS credentials are available to sign with.
    pub async fn with_photo_url(&self, team: &TeamId, mut answer: StoredResponse) -> Result<StoredResponse, Error> {
        let since = current_url_signing_time();
        if let Some(photo) = answer.body["photo"].as_str().and_then(|photo| photo.parse().ok()) {
            answer.body["photoUrl"] = json!(self.presigned_url(team, &photo).await?);
            answer.append_to_etag(since / STABLE_URL_PERIOD.as_secs());
        }
        Ok(answer)
    }
}
