//! Reads a photo upload from `multipart/form-data`, or from JSON with the image in base64.

use axum::body::Bytes;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lambda_http::http::HeaderMap;
use schemars::{Schema, json_schema};
use serde_json::Value;
use shared::api::{
    BodyReader, CanonicalBody, Content, FormPart, ObjectReader as _, Positive, RequestBody, Validator, form_parts,
    is_json, parse, positive,
};
use shared::domain::error::Error;
use shared::domain::{ErrorCode, Fault, FieldError, LeadId};

use crate::image::Image;

const INVALID: &str = "Invalid file";
/// Base64 decoder that accepts input with and without padding, because clients differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The body of POST /leads/upload-photo.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The lead that gets the photo. `None` if the photo will be attached to a lead later.
    pub lead: Option<LeadId>,
    pub image: Image,
}

impl Content for Upload {
    /// Maximum size of a request: Lambda's limit on events. A photo of 4 MiB in base64 fits.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

    async fn read(headers: &HeaderMap, body: Bytes, keyed: bool) -> Result<(Self, Option<CanonicalBody>), Error> {
        let upload = if is_json(headers) {
            parse::<JsonUpload>(&body).map(|JsonUpload(upload)| upload)?
        } else {
            form(form_parts(headers, body, INVALID, "multipart/form-data or application/json").await?)?
        };
        let lead = upload.lead.map(|lead| lead.to_string()).unwrap_or_default();
        let canonical = keyed.then(|| CanonicalBody::new([lead.as_bytes(), b"\n", &upload.image.bytes].concat()));
        Ok((upload, canonical))
    }
}

/// A photo upload as JSON.
pub struct JsonUpload(Upload);

impl RequestBody for JsonUpload {
    const INVALID: &'static str = INVALID;

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| {
            let (lead, image) =
                (fields.optional("id", &LEAD.describe(LEAD_ABOUT)), fields.required("photo", &Base64Image));
            Some(Self(Upload { lead: lead?, image: image? }))
        })
    }
}

const LEAD: Positive<LeadId> = positive();
const LEAD_ABOUT: &str = "Id of the lead whose photo it becomes.";

/// An image in base64.
struct Base64Image;

impl Validator for Base64Image {
    type Value = Image;

    fn read(&self, value: Value) -> Result<Image, Fault> {
        let bytes = value.as_str().and_then(decoded);
        Image::read(bytes.ok_or_else(|| ErrorCode::InvalidFormat.fault("must be base64"))?.into())
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64", "description": Image::ABOUT })
    }
}

/// Decodes base64, also with line breaks, or a `data:` URL with base64 as a browser's `FileReader` returns it.
/// <https://www.rfc-editor.org/rfc/rfc2397>
fn decoded(text: &str) -> Option<Vec<u8>> {
    let base64 = match text.trim_start().get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => text.split_once(";base64,")?.1,
        _ => text,
    };
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(base64).ok()
}

/// JSON Schema of a photo upload as `multipart/form-data`.
pub fn form_schema() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "id": LEAD.describe(LEAD_ABOUT).schema(),
            "photo": { "type": "string", "contentMediaType": "application/octet-stream", "description": Image::ABOUT },
        },
        "required": ["photo"],
        "additionalProperties": false,
    })
}

fn form(parts: Vec<FormPart>) -> Result<Upload, Error> {
    let (mut lead, mut image) = (None, None);
    let mut errors = Vec::new();
    for FormPart { name, bytes, .. } in parts {
        let outcome = match name.as_str() {
            "id" if lead.is_none() => {
                let id = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse::<LeadId>().ok());
                id.map(|id| lead = Some(id)).ok_or_else(|| ErrorCode::InvalidValue.fault("must be a positive integer"))
            }
            "photo" if image.is_none() => Image::read(bytes).map(|read| image = Some(read)),
            "id" | "photo" => Err(ErrorCode::DuplicateField.fault("is there twice")),
            _ => Err(ErrorCode::UnknownField.fault("is not a field of this form")),
        };
        if let Err(fault) = outcome {
            errors.push(FieldError::new(name, fault));
        }
    }
    match image {
        Some(image) if errors.is_empty() => Ok(Upload { lead, image }),
        None if !errors.iter().any(|error| error.field == "photo") => {
            errors.push(FieldError::new("photo", ErrorCode::Required.fault("is required")));
            Err(Error::invalid(INVALID, errors))
        }
        _ => Err(Error::invalid(INVALID, errors)),
    }
}
