//! Axum extractors for the conditional headers `If-Match` and `If-None-Match` (RFC 9110, section 13.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, header};

use crate::store::StoredResponse;

/// The `If-Match` header: versions of a lead to which the request may be applied. Without the header, every version is
/// allowed.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Whether `If-Match` lists this version of the lead, is `*`, or is absent. Of each listed `ETag`, only the first
    /// part is compared: the lead's version. The other parts stand for the team's names and the photo's URL, which do
    /// not belong to the lead. Weak tags never match.
    pub fn matches_version(&self, version: u64) -> bool {
        let version = version.to_string();
        let is_of = |tag: &str| {
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tag.is_some_and(|tag| tag.split('-').next() == Some(&version))
        };
        self.0.as_deref().is_none_or(|tags| tags.split(',').map(str::trim).any(|one| one == "*" || is_of(one)))
    }

    /// Like [`IfMatch::matches_version`], for a lead that may not exist. If it does not, only a request without `If-Match`
    /// may be applied.
    pub fn allows_version(&self, version: Option<u64>) -> bool {
        version.map_or(self.0.is_none(), |version| self.matches_version(version))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get(header::IF_MATCH);
        Ok(Self(value.map(|value| value.to_str().unwrap_or_default().to_owned())))
    }
}

/// The `If-None-Match` header: `ETag`s of responses that the client already has.
#[derive(Clone, Debug)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Returns the response, or a 304 if `If-None-Match` lists the response's `ETag`. Weak tags match too.
    pub fn or_not_modified(&self, answer: StoredResponse) -> StoredResponse {
        if answer.etag.as_ref().is_some_and(|tag| self.matches_tag(tag)) { answer.not_modified() } else { answer }
    }

    /// Reads the `If-None-Match` header.
    pub fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::IF_NONE_MATCH);
        Self(value.map(|value| value.to_str().unwrap_or_default().to_owned()))
    }

    /// Whether `If-None-Match` lists this `ETag` or is `*`, so that the client already has the response.
    pub fn matches_tag(&self, tag: &str) -> bool {
        let tags = self.0.iter().flat_map(|tags| tags.split(',')).map(str::trim);
        tags.map(|one| one.strip_prefix("W/").unwrap_or(one)).any(|one| one == "*" || one == tag)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_compares_versions_and_if_none_match_whole_tags() {
        let of = |text: &str| IfMatch(Some(text.to_owned()));
        assert!(IfMatch(None).matches_version(3));
        assert!(of("*").matches_version(3));
        assert!(of("\"1\", \"3\"").matches_version(3));
        for no in ["\"1\"", "\"33-8\"", "3", "W/\"3\"", ""] {
            assert!(!of(no).matches_version(3), "{no}");
        }
        assert!(of("\"3-8\"").matches_version(3) && of("\"3-7-2970\"").matches_version(3));
        let has = |text: &str| IfNoneMatch(Some(text.to_owned())).matches_tag("\"3-8\"");
        assert!(has("\"3-8\"") && has("\"1-8\", W/\"3-8\"") && has("*"));
        assert!(!has("\"3-7\"") && !has("\"3\"") && !has("3-8") && !IfNoneMatch(None).matches_tag("\"3-8\""));
    }
}
