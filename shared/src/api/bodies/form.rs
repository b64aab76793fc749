//! Reads the request body of `POST /forms` and `PUT /forms/{id}`.

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::lead_validators::BusinessIdsValidator;
use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{
    Validator, array_validator, boolean_validator, non_empty_single_line_text, positive_integer_validator,
    single_line_text,
};
use crate::domain::{ErrorCode, FormInput, StatusId, ValidationFault, parse_web_uri};

/// Maximum length of a URL, in characters.
pub(crate) const MAX_URL_CHARS: usize = 2000;
const MAX_ORIGINS: usize = 20;

impl RequestBody for FormInput {
    const INVALID_BODY_MESSAGE: &'static str = Self::INVALID_FORM_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        let read_only = &["id", "key", "submissions", "spam", "lastSubmittedAt", "ignored", "createdBy", "createdAt"];
        let (input, faults) = body.read_object_with_errors(read_only, |fields| {
            let name = fields.read_required_field("name", &non_empty_single_line_text(100));
            let status = positive_integer_validator::<StatusId>()
                .with_description("Status of new leads. The team's first status by default.");
            let status_id = fields.read_optional_field("statusId", &status);
            let business = BusinessIdsValidator.with_description("Businesses of new leads.");
            let business = fields.read_optional_field("business", &business);
            let source =
                fields.read_optional_field("source", &single_line_text(200).with_description("Source of new leads."));
            let origins = array_validator(MAX_ORIGINS, OriginValidator)
                .with_description("Origins whose pages may post. Empty allows every origin.");
            let allowed_origins = fields.read_optional_field("allowedOrigins", &origins);
            let redirect_url = fields.read_optional_field("redirectUrl", &RedirectUrlValidator);
            let active = fields.read_optional_field(
                "active",
                &boolean_validator("Whether the form accepts submissions. `true` by default."),
            );
            Self {
                name,
                status_id: status_id.flatten(),
                business: business.flatten(),
                source: source.flatten(),
                allowed_origins: allowed_origins.flatten(),
                redirect_url: redirect_url.flatten(),
                active: active.flatten(),
                faults: Vec::new(),
            }
        })?;
        Some(Self { faults, ..input })
    }
}

/// Returns the part of a URL after host and port. `None` unless the text is an absolute `http` or `https` URL without
/// credentials and without whitespace.
fn part_after_origin(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]".contains(c));
    let (origin, after) = url.split_at(url.len() - rest.len() + host.len());
    (is_plain && parse_web_uri(origin).is_ok() && !url.contains(char::is_whitespace)).then_some(after)
}

/// Validates the origin of a web page (RFC 6454), such as `https://example.com`. Returns the origin in lower case and
/// without a trailing slash, as in the `Origin` header.
struct OriginValidator;

impl Validator for OriginValidator {
    type ValidValue = String;

    fn validate_value(&self, value: Value) -> Result<String, ValidationFault> {
        let text = non_empty_single_line_text(200).validate_value(value)?.to_lowercase();
        let origin = text.strip_suffix('/').unwrap_or(&text);
        if part_after_origin(origin) == Some("") {
            Ok(origin.to_owned())
        } else {
            Err(ErrorCode::InvalidFormat.with_message("must be an origin, as https://example.com"))
        }
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9.:\\[\\]-]+/?$" })
    }
}

/// Validates a form's `redirectUrl`: an ASCII URL with `http` or `https`, or an empty text for no redirect.
struct RedirectUrlValidator;

impl Validator for RedirectUrlValidator {
    type ValidValue = String;

    fn validate_value(&self, value: Value) -> Result<String, ValidationFault> {
        let url = single_line_text(MAX_URL_CHARS).validate_value(value)?;
        let whole = url.is_empty() || (part_after_origin(&url).is_some() && url.is_ascii());
        let fault = || ErrorCode::InvalidFormat.with_message("must be a URL with https:// or http://, or empty");
        whole.then_some(url).ok_or_else(fault)
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_URL_CHARS,
            "description": "Where a browser is redirected after it posted an HTML form. Empty for no redirect.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_no_path_and_redirects_are_absolute_urls() {
        let origin = |text: &str| OriginValidator.validate_value(text.into());
        for good in ["https://example.com", "HTTPS://Example.com/", "http://localhost:8080", "http://[::1]:3000"] {
            assert!(origin(good).is_ok_and(|read| !read.ends_with('/') && read == read.to_lowercase()), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "https://",
            "https://example.com/page",
            "ftp://x",
            "https://a b",
            "https://x?y",
            "null",
            "*",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
        let redirect = |text: &str| RedirectUrlValidator.validate_value(text.into()).is_ok();
        assert!(redirect("") && redirect("https://example.com/thanks?a=1#top"));
        for bad in [
            "javascript:alert(1)",
            "//example.com",
            "/thanks",
            "https://example.com/a\r\nSet-Cookie: x",
            "https://u@h/",
        ] {
            assert!(!redirect(bad), "{bad}");
        }
    }
}
