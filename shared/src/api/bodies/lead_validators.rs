//! Validators of the fields of a lead.

use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use super::lead::MAX_LINE_CHARS;
use crate::api::input::validator::{
    ArrayValidator, PositiveIntegerValidator, TextValidator, Validator, array_validator, non_empty_single_line_text,
    positive_integer_validator, single_line_text,
};
use crate::domain::{
    BusinessId, BusinessIdOrName, Email, ErrorCode, Lead, PhotoName, ValidationFault, unique_in_order,
};

pub(super) const MAX_PHONES: usize = 10;
pub(super) const MAX_PHONE_CHARS: usize = 32;

/// Validates an e-mail address.
pub(super) struct EmailValidator;

impl EmailValidator {
    const NON_EMPTY_TEXT: TextValidator = non_empty_single_line_text(usize::MAX);
}

impl Validator for EmailValidator {
    type ValidValue = Email;

    fn validate_value(&self, value: Value) -> Result<Email, ValidationFault> {
        Self::NON_EMPTY_TEXT.validate_value(value).and_then(|text| text.parse())
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": Email::JSON_SCHEMA_FORMAT,
            "minLength": 1,
            "maxLength": Email::MAX_EMAIL_CHARS,
            "description": "E-mail address. Unique in the team; case does not matter.",
        })
    }
}

/// Validates an e-mail address, or an empty text, which is read as `None`.
pub(super) struct OptionalEmailValidator;

impl Validator for OptionalEmailValidator {
    type ValidValue = Option<Email>;

    fn validate_value(&self, value: Value) -> Result<Option<Email>, ValidationFault> {
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        EmailValidator.validate_value(value).map(Some)
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "anyOf": [EmailValidator.value_schema(), { "type": "string", "maxLength": 0 }],
            "description": "E-mail address. Unique in the team; case does not matter. May be empty if there is a phone number.",
        })
    }
}

/// Validates an array of businesses, each an id or an object `{id, name}` as in responses. Returns the ids without
/// duplicates.
pub(super) struct BusinessIdsValidator;

impl BusinessIdsValidator {
    const BUSINESS_ARRAY: ArrayValidator<BusinessIdValidator> =
        array_validator(Lead::MAX_BUSINESSES, BusinessIdValidator);
}

impl Validator for BusinessIdsValidator {
    type ValidValue = Vec<BusinessId>;

    fn validate_value(&self, value: Value) -> Result<Vec<BusinessId>, ValidationFault> {
        Self::BUSINESS_ARRAY.validate_value(value).map(unique_in_order)
    }

    fn value_schema(&self) -> Schema {
        Self::BUSINESS_ARRAY.value_schema()
    }
}

/// Validates a business in a batch row: an id, a name, or an object `{id, name}` as in responses. In an object, a
/// non-empty name takes precedence over the id.
pub(super) struct BusinessReferenceValidator;

pub(super) const BUSINESS_REFERENCES: ArrayValidator<BusinessReferenceValidator> =
    array_validator(Lead::MAX_BUSINESSES, BusinessReferenceValidator);

impl Validator for BusinessReferenceValidator {
    type ValidValue = BusinessIdOrName;

    fn validate_value(&self, value: Value) -> Result<BusinessIdOrName, ValidationFault> {
        match value {
            Value::String(_) => {
                non_empty_single_line_text(Lead::MAX_NAME_CHARS).validate_value(value).map(BusinessIdOrName::Name)
            }
            Value::Object(mut business) if business.get("name").is_some_and(|name| *name != json!("")) => {
                let name = non_empty_single_line_text(Lead::MAX_NAME_CHARS)
                    .validate_value(business.remove("name").unwrap_or_default())?;
                BusinessIdValidator.validate_value(Value::Object(business)).map(|_| BusinessIdOrName::Name(name))
            }
            value => BusinessIdValidator.validate_value(value).map(BusinessIdOrName::Id),
        }
    }

    fn value_schema(&self) -> Schema {
        let mut known = BusinessIdValidator.value_schema();
        known.insert("description".into(), "An id, or a business as answers have it. The `name` decides.".into());
        json_schema!({ "anyOf": [non_empty_single_line_text(Lead::MAX_NAME_CHARS).with_description("The name of a business.").value_schema(), known] })
    }
}

/// Validates the phone numbers in a form submission: one text or an array of texts. Empty texts are dropped.
pub(super) struct PhoneNumbersValidator;

impl PhoneNumbersValidator {
    const PHONE_ARRAY: ArrayValidator<TextValidator> = array_validator(MAX_PHONES, single_line_text(MAX_PHONE_CHARS));
}

impl Validator for PhoneNumbersValidator {
    type ValidValue = Vec<String>;

    fn validate_value(&self, value: Value) -> Result<Vec<String>, ValidationFault> {
        let value = if value.is_string() { Value::Array(vec![value]) } else { value };
        let mut phones = Self::PHONE_ARRAY.validate_value(value)?;
        phones.retain(|phone| !phone.is_empty());
        Ok(phones)
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "anyOf": [single_line_text(MAX_PHONE_CHARS).value_schema(), Self::PHONE_ARRAY.value_schema()] })
    }
}

/// Validates a business: an id, or an object `{id, name}` as in responses, whose name is ignored.
pub(super) struct BusinessIdValidator;

impl BusinessIdValidator {
    const ID: PositiveIntegerValidator<BusinessId> = positive_integer_validator();
}

impl Validator for BusinessIdValidator {
    type ValidValue = BusinessId;

    fn validate_value(&self, value: Value) -> Result<BusinessId, ValidationFault> {
        match value {
            Value::Object(mut business) => {
                business.remove("name");
                let known = Self::ID.validate_value(business.remove("id").unwrap_or_default());
                let fault = || ErrorCode::UnknownField.with_message("must be an id, or an object of id and name");
                if business.is_empty() { known } else { Err(fault()) }
            }
            value => Self::ID.validate_value(value),
        }
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "description": "An id, or a business as answers have it. The `name` has no effect.",
            "anyOf": [
                Self::ID.value_schema(),
                {
                    "type": "object",
                    "properties": { "id": Self::ID.value_schema(), "name": {} },
                    "required": ["id"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// Validates a lead's `photo`: the file name of an uploaded photo, or an empty text for no photo.
pub(super) struct PhotoNameValidator;

impl Validator for PhotoNameValidator {
    type ValidValue = String;

    fn validate_value(&self, value: Value) -> Result<String, ValidationFault> {
        let name = single_line_text(MAX_LINE_CHARS).validate_value(value)?;
        let plausible = name.is_empty() || name.parse::<PhotoName>().is_ok();
        if plausible { Ok(name) } else { Err(PhotoName::unavailable_fault()) }
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": PhotoName::MAX_FILE_NAME_CHARS,
            "description": "File name of an upload that no other lead has, or empty.",
        })
    }
}
