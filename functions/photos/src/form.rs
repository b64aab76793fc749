//! Reads a photo upload from `multipart/form-data`, or from JSON with the image in base64.

use axum::body::Bytes;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lambda_http::http::HeaderMap;
use schemars::{Schema, json_schema};
use serde_json::Value;
use shared::api::{
    BodyReader, CanonicalBody, FromBody, MultipartPart, ObjectReader as _, PositiveIntegerValidator, RequestBody,
    Validator, is_json, parse_json_body, positive_integer_validator, read_multipart_parts,
};
use shared::domain::error::Error;
use shared::domain::{ErrorCode, FieldError, LeadId, ValidationFault};

use crate::image::ValidImage;

const INVALID_FILE_MESSAGE: &str = "Invalid file";
/// Base64 decoder that accepts input with and without padding, because clients differ.
const BASE64_ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The body of POST /leads/upload-photo.
#[derive(Debug)]
pub(crate) struct PhotoUpload {
    /// The lead that gets the photo. `None` if the photo will be attached to a lead later.
    pub lead: Option<LeadId>,
    pub image: ValidImage,
}

impl FromBody for PhotoUpload {
    /// Maximum size of a request: Lambda's limit on events. A photo of 4 MiB in base64 fits.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

    async fn read_from_body(
        headers: &HeaderMap,
        body: Bytes,
        keyed: bool,
    ) -> Result<(Self, Option<CanonicalBody>), Error> {
        let upload = if is_json(headers) {
            parse_json_body::<JsonUpload>(&body).map(|JsonUpload(upload)| upload)?
        } else {
            read_upload_parts(
                read_multipart_parts(headers, body, INVALID_FILE_MESSAGE, "multipart/form-data or application/json")
                    .await?,
            )?
        };
        let lead = upload.lead.map(|lead| lead.to_string()).unwrap_or_default();
        let canonical = keyed.then(|| CanonicalBody::new([lead.as_bytes(), b"\n", &upload.image.bytes].concat()));
        Ok((upload, canonical))
    }
}

/// A photo upload as JSON.
pub struct JsonUpload(PhotoUpload);

impl RequestBody for JsonUpload {
    const INVALID_BODY_MESSAGE: &'static str = INVALID_FILE_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            let (lead, image) = (
                fields.read_optional_field("id", &LEAD_ID_VALIDATOR.with_description(LEAD_ID_DESCRIPTION)),
                fields.read_required_field("photo", &Base64ImageValidator),
            );
            Some(Self(PhotoUpload { lead: lead?, image: image? }))
        })
    }
}

const LEAD_ID_VALIDATOR: PositiveIntegerValidator<LeadId> = positive_integer_validator();
const LEAD_ID_DESCRIPTION: &str = "Id of the lead whose photo it becomes.";

/// An image in base64.
struct Base64ImageValidator;

impl Validator for Base64ImageValidator {
    type ValidValue = ValidImage;

    fn validate_value(&self, value: Value) -> Result<ValidImage, ValidationFault> {
        let bytes = value.as_str().and_then(decode_base64);
        ValidImage::validate(bytes.ok_or_else(|| ErrorCode::InvalidFormat.with_message("must be base64"))?.into())
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64", "description": ValidImage::ACCEPTED_FILES_DESCRIPTION })
    }
}

/// Decodes base64, also with line breaks, or a `data:` URL with base64 as a browser's `FileReader` returns it.
/// <https://www.rfc-editor.org/rfc/rfc2397>
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let base64 = match text.trim_start().get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => text.split_once(";base64,")?.1,
        _ => text,
    };
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64_ANY_PADDING.decode(base64).ok()
}

/// JSON Schema of a photo upload as `multipart/form-data`.
pub fn multipart_upload_schema() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "id": LEAD_ID_VALIDATOR.with_description(LEAD_ID_DESCRIPTION).value_schema(),
            "photo": { "type": "string", "contentMediaType": "application/octet-stream", "description": ValidImage::ACCEPTED_FILES_DESCRIPTION },
        },
        "required": ["photo"],
        "additionalProperties": false,
    })
}

fn read_upload_parts(parts: Vec<MultipartPart>) -> Result<PhotoUpload, Error> {
    let (mut lead, mut image) = (None, None);
    let mut errors = Vec::new();
    for MultipartPart { name, bytes, .. } in parts {
        let outcome = match name.as_str() {
            "id" if lead.is_none() => {
                let id = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse::<LeadId>().ok());
                id.map(|id| lead = Some(id))
                    .ok_or_else(|| ErrorCode::InvalidValue.with_message("must be a positive integer"))
            }
            "photo" if image.is_none() => ValidImage::validate(bytes).map(|read| image = Some(read)),
            "id" | "photo" => Err(ErrorCode::DuplicateField.with_message("is there twice")),
            _ => Err(ErrorCode::UnknownField.with_message("is not a field of this form")),
        };
        if let Err(fault) = outcome {
            errors.push(FieldError::new(name, fault));
        }
    }
    match image {
        Some(image) if errors.is_empty() => Ok(PhotoUpload { lead, image }),
        None if !errors.iter().any(|error| error.field == "photo") => {
            errors.push(FieldError::new("photo", ErrorCode::Required.with_message("is required")));
            Err(Error::invalid_fields(INVALID_FILE_MESSAGE, errors))
        }
        _ => Err(Error::invalid_fields(INVALID_FILE_MESSAGE, errors)),
    }
}
