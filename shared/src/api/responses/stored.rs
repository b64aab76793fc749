//! Constructors of [`StoredResponse`], a response that is stored under an idempotency key and replayed.

use axum::response::{IntoResponse, Response};
use lambda_http::http::{StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Json;
use crate::domain::{Lead, Team};
use crate::store::StoredResponse;

impl StoredResponse {
    /// 200 with this body.
    pub fn ok(body: impl Serialize) -> Self {
        Self { status: 200, body: json!(body), etag: None }
    }

    /// 201 with this body.
    pub fn created(body: impl Serialize) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    /// 202 with this body.
    pub fn accepted(body: impl Serialize) -> Self {
        Self { status: 202, ..Self::ok(body) }
    }

    /// Turns the response into a 304 without a body, for a client that already has the response. The `ETag` stays.
    #[must_use]
    pub fn not_modified(self) -> Self {
        Self { status: 304, body: Value::Null, ..self }
    }

    /// Sets the `ETag` to the version of the lead and the version of the team, because the response shows the team's
    /// names of status and businesses.
    #[must_use]
    pub fn with_lead_etag(self, lead: &Lead, team: &Team) -> Self {
        Self { etag: Some(format!("\"{}-{}\"", lead.version, team.version)), ..self }
    }

    /// Makes the `ETag`, if there is one, depend on `part` too: a number that changes when data in the body changes
    /// without a new version of the lead, such as the photo's URL.
    pub fn append_to_etag(&mut self, part: u64) {
        self.etag = self.etag.take().map(|tag| format!("{}-{part}\"", tag.trim_end_matches('"')));
    }
}

impl IntoResponse for StoredResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Value::Null => status.into_response(),
            body => (status, Json(body)).into_response(),
        };
        if let Some(etag) = self.etag.and_then(|etag| etag.parse().ok()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}
