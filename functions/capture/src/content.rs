//! Reads a submission from a JSON body or from a posted HTML form.

use axum::body::Bytes;
use lambda_http::http::HeaderMap;
use serde_json::{Value, json};
use shared::api::{
    CanonicalBody, FromBody, JsonObject, MultipartPart, RequestBody, dotted_field_mut, is_json, media_type,
    parse_json as read_json, read_multipart_parts, validate_json_body,
};
use shared::domain::Submission;
use shared::domain::error::Error;

/// A submission and how it was sent.
#[derive(Debug)]
pub(crate) struct PostedSubmission {
    /// The submission. `None` if the honeypot was filled in.
    pub submission: Option<Submission>,
    /// Whether the body was a posted HTML form instead of JSON. Only a form's post is answered with a redirect.
    pub by_page: bool,
}

impl FromBody for PostedSubmission {
    const MAX_BODY_BYTES: usize = <Submission as RequestBody>::MAX_BODY_BYTES;
    /// Query parameters are ignored: the page chooses the URL that it posts to, and a refusal would only reach the
    /// visitor, who cannot change it.
    const IGNORES_QUERY_STRING: bool = true;

    async fn read_from_body(
        headers: &HeaderMap,
        body: Bytes,
        keyed: bool,
    ) -> Result<(Self, Option<CanonicalBody>), Error> {
        let by_page = !is_json(headers);
        let mut sent = if by_page { fields_to_json(read_form_fields(headers, body).await?) } else { read_json(&body)? };
        if sent.as_object().is_some_and(Submission::is_spam) {
            return Ok((Self { submission: None, by_page }, None));
        }
        if by_page && let Some(fields) = sent.as_object_mut() {
            fields
                .iter_mut()
                .filter(|(name, _)| *name != "phoneNumber")
                .for_each(|(_, value)| keep_first_nonempty(value));
        }
        let (submission, canonical) = validate_json_body(sent, keyed)?;
        Ok((Self { submission: Some(submission), by_page }, canonical))
    }
}

/// Reads the fields of a posted HTML form. A file, or text that is not UTF-8, becomes an empty object: the text
/// fields of a lead refuse it, and an unknown field is ignored as always.
async fn read_form_fields(headers: &HeaderMap, body: Bytes) -> Result<Vec<(String, Value)>, Error> {
    if media_type(headers) == "application/x-www-form-urlencoded" {
        return Ok(form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), json!(value))).collect());
    }
    let expected = "application/json, application/x-www-form-urlencoded or multipart/form-data";
    let parts = read_multipart_parts(headers, body, Submission::INVALID_BODY_MESSAGE, expected).await?;
    let field = |part: MultipartPart| match std::str::from_utf8(&part.bytes) {
        Ok(text) if !part.is_file => (part.name, json!(text)),
        _ => (part.name, json!({})),
    };
    Ok(parts.into_iter().map(field).collect())
}

/// Converts form fields to a JSON object: a repeated field becomes an array, and `socialMedia.twitter` a nested field.
fn fields_to_json(fields: Vec<(String, Value)>) -> Value {
    let mut object = JsonObject::new();
    for (name, value) in fields {
        let field = dotted_field_mut(&mut object, &name);
        *field = match field.take() {
            Value::Null => value,
            Value::Array(mut several) => {
                several.push(value);
                Value::Array(several)
            }
            one => json!([one, value]),
        };
    }
    Value::Object(object)
}

/// Keeps the first non-empty value of a repeated field.
fn keep_first_nonempty(value: &mut Value) {
    if let Value::Array(several) = value
        && !several.is_empty()
    {
        let first = several.iter().position(|one| one.as_str().is_none_or(|text| !text.trim().is_empty()));
        *value = several.swap_remove(first.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_fields_become_arrays_and_dotted_fields_objects() {
        let pair = |(name, value): (String, String)| (name, json!(value));
        let read =
            |text: &str| fields_to_json(form_urlencoded::parse(text.as_bytes()).into_owned().map(pair).collect());
        assert_eq!(read("a=1&b=2&a=3&a=4"), json!({ "a": ["1", "3", "4"], "b": "2" }));
        assert_eq!(
            read("socialMedia.twitter=%40a&socialMedia.x=1"),
            json!({ "socialMedia": { "twitter": "@a", "x": "1" } })
        );
        assert_eq!(read("a=1&a.b=2"), json!({ "a": "1", "a.b": "2" }));
        assert_eq!(read(""), json!({}));
    }
}
