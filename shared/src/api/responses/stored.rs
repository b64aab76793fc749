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

    /// Replaces the answer by 304: the caller has it already.
    #[must_use]
    pub fn not_modified(self) -> Self {
        Self { status: 304, body: Value::Null, ..self }
    }

    /// Adds the `ETag` of a lead: its version and its team's version, because the answer shows the team's names.
    #[must_use]
    pub fn version(self, lead: &Lead, team: &Team) -> Self {
        Self { etag: Some(format!("\"{}-{}\"", lead.version, team.version)), ..self }
    }

    /// Appends `part` to the `ETag`: the version of something that the body shows beside lead and team, such as a
    /// photo's URL.
    pub fn tag(&mut self, part: u64) {
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
