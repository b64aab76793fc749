//! Validators of single JSON values in request bodies. A validator converts a value or returns an error, and describes
//! valid values in the OpenAPI document.

use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde_json::Value;

use crate::domain::{
    ErrorCode, NamedEnum, Timestamp, ValidationFault, has_only_invisible_chars, normalize_for_storage,
};

/// Validates and converts one JSON value of a request body.
pub trait Validator {
    /// Type of a converted value.
    type ValidValue;

    /// Validates and converts a JSON value.
    ///
    /// # Errors
    /// The reason why the value is not valid.
    fn validate_value(&self, value: Value) -> Result<Self::ValidValue, ValidationFault>;

    /// JSON Schema (2020-12) of valid values.
    fn value_schema(&self) -> Schema;

    /// Adds a description of the value, which the OpenAPI document shows.
    fn with_description(self, text: &'static str) -> DescribedValidator<Self>
    where
        Self: Sized,
    {
        DescribedValidator { rule: self, text }
    }
}

/// A validator with a description for the OpenAPI document, see [`Validator::with_description`].
#[derive(Clone, Copy, Debug)]
pub struct DescribedValidator<R> {
    rule: R,
    text: &'static str,
}

impl<R: Validator> Validator for DescribedValidator<R> {
    type ValidValue = R::ValidValue;

    fn validate_value(&self, value: Value) -> Result<Self::ValidValue, ValidationFault> {
        self.rule.validate_value(value)
    }

    fn value_schema(&self) -> Schema {
        let mut schema = self.rule.value_schema();
        schema.insert("description".into(), self.text.into());
        schema
    }
}

/// Validates a text, and converts the text to Unicode normal form C without surrounding whitespace. Lengths are in
/// characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextValidator {
    min: usize,
    max: usize,
    multiline: bool,
}

/// Accepts a text of one line with at most `max` characters. The text may be empty.
pub(crate) const fn single_line_text(max: usize) -> TextValidator {
    TextValidator { min: 0, max, multiline: false }
}

/// Accepts a text of one line with 1 to `max` characters.
pub(crate) const fn non_empty_single_line_text(max: usize) -> TextValidator {
    TextValidator { min: 1, ..single_line_text(max) }
}

/// Accepts a text of several lines with at most `max` characters in total. The text may be empty.
pub(crate) const fn multi_line_text(max: usize) -> TextValidator {
    TextValidator { multiline: true, ..single_line_text(max) }
}

/// Accepts a text of several lines with 1 to `max` characters in total.
pub(crate) const fn non_empty_multi_line_text(max: usize) -> TextValidator {
    TextValidator { min: 1, ..multi_line_text(max) }
}

impl Validator for TextValidator {
    type ValidValue = String;

    fn validate_value(&self, value: Value) -> Result<String, ValidationFault> {
        let Value::String(text) = value else { return Err(ErrorCode::InvalidType.with_message("must be a string")) };
        if has_only_invisible_chars(&text) {
            return Err(ErrorCode::Empty.with_message("must have a visible character"));
        }
        let text = normalize_for_storage(&text);
        if text.chars().any(|c| c.is_control() && !(self.multiline && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(ErrorCode::ControlCharacters.with_message("must not contain control characters"));
        }
        if text.chars().count() > self.max {
            return Err(ErrorCode::TooLong.with_message(format!("must be at most {} characters", self.max)));
        }
        if text.chars().count() < self.min {
            return Err(ErrorCode::Empty.with_message("must not be empty"));
        }
        Ok(text)
    }

    fn value_schema(&self) -> Schema {
        let mut schema = json_schema!({ "type": "string", "maxLength": self.max });
        if self.min > 0 {
            schema.insert("minLength".into(), self.min.into());
        }
        schema
    }
}

/// Validates the name of a value of the enum `T`, see [`NamedEnum`].
#[derive(Clone, Copy, Debug)]
pub struct EnumNameValidator<T>(PhantomData<T>);

/// Accepts the name of a value of the enum `T`, see [`NamedEnum`].
pub const fn enum_name_validator<T: NamedEnum>() -> EnumNameValidator<T> {
    EnumNameValidator(PhantomData)
}

impl<T: NamedEnum> EnumNameValidator<T> {
    pub(crate) fn expected_values() -> String {
        format!("one of {}", T::all_names().join(", "))
    }
}

impl<T: NamedEnum> Validator for EnumNameValidator<T> {
    type ValidValue = T;

    fn validate_value(&self, value: Value) -> Result<T, ValidationFault> {
        let named = value.as_str().and_then(T::from_name);
        named.ok_or_else(|| ErrorCode::InvalidValue.with_message(format!("must be {}", Self::expected_values())))
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "type": "string", "enum": T::all_names() })
    }
}

/// Validates a time in RFC 3339 format and truncates the time to milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimestampValidator;

/// Accepts a time in RFC 3339 format and truncates the time to milliseconds.
pub(crate) const fn rfc3339_time_validator() -> TimestampValidator {
    TimestampValidator
}

impl Validator for TimestampValidator {
    type ValidValue = Timestamp;

    fn validate_value(&self, value: Value) -> Result<Timestamp, ValidationFault> {
        let read = value.as_str().and_then(|text| text.trim().parse().ok());
        read.ok_or_else(|| ErrorCode::InvalidFormat.with_message("must be a time, as 2026-01-31T12:00:00Z"))
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Validates `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BooleanValidator(&'static str);

/// Accepts `true` or `false`. `about` describes the field in the OpenAPI document.
pub(crate) const fn boolean_validator(about: &'static str) -> BooleanValidator {
    BooleanValidator(about)
}

impl Validator for BooleanValidator {
    type ValidValue = bool;

    fn validate_value(&self, value: Value) -> Result<bool, ValidationFault> {
        value.as_bool().ok_or_else(|| ErrorCode::InvalidType.with_message("must be true or false"))
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "type": "boolean", "description": self.0 })
    }
}

/// Validates a JSON number that is an id or another positive integer.
#[derive(Clone, Copy, Debug)]
pub struct PositiveIntegerValidator<T>(PhantomData<T>);

/// Accepts a positive integer that converts to `T`, for example an id.
pub const fn positive_integer_validator<T: TryFrom<u64>>() -> PositiveIntegerValidator<T> {
    PositiveIntegerValidator(PhantomData)
}

/// Reads a JSON number as a non-negative integer. `1.0` is accepted, because JSON Schema counts `1.0` as an integer.
/// <https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3>
fn json_to_integer(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and below 2^53")]
    let whole = |number: f64| (number.fract() == 0.0 && (0.0..9.0e15).contains(&number)).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

impl<T: TryFrom<u64>> Validator for PositiveIntegerValidator<T> {
    type ValidValue = T;

    fn validate_value(&self, value: Value) -> Result<T, ValidationFault> {
        let number = json_to_integer(&value).filter(|number| (1..=crate::domain::ids::MAX_ID).contains(number));
        let id = number.and_then(|number| number.try_into().ok());
        id.ok_or_else(|| ErrorCode::InvalidValue.with_message("must be a positive integer"))
    }

    fn value_schema(&self) -> Schema {
        crate::domain::ids::id_schema()
    }
}

/// Validates an array and each item in the array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrayValidator<R> {
    min: usize,
    max: usize,
    item: R,
}

/// Accepts an array of at most `max` items that `item` accepts.
pub(crate) const fn array_validator<R: Validator>(max: usize, item: R) -> ArrayValidator<R> {
    ArrayValidator { min: 0, max, item }
}

/// Accepts an array of 1 to `max` items that `item` accepts.
pub(crate) const fn non_empty_array_validator<R: Validator>(max: usize, item: R) -> ArrayValidator<R> {
    ArrayValidator { min: 1, max, item }
}

impl<R: Validator> Validator for ArrayValidator<R> {
    type ValidValue = Vec<R::ValidValue>;

    /// Validates the array and each item. The error message names the number of the first bad item, counted from 1.
    fn validate_value(&self, value: Value) -> Result<Self::ValidValue, ValidationFault> {
        let Value::Array(items) = value else { return Err(ErrorCode::InvalidType.with_message("must be an array")) };
        if items.len() < self.min {
            let range = format!("must have {} to {} items", self.min, self.max);
            return Err(ErrorCode::InvalidLength.with_message(range));
        }
        if items.len() > self.max {
            return Err(ErrorCode::InvalidLength.with_message(format!("must have at most {} items", self.max)));
        }
        let numbered = items.into_iter().enumerate();
        let at =
            |n: usize, fault: ValidationFault| fault.code.with_message(format!("item {}: {}", n + 1, fault.message));
        numbered.map(|(n, value)| self.item.validate_value(value).map_err(|fault| at(n, fault))).collect()
    }

    fn value_schema(&self) -> Schema {
        let mut schema = json_schema!({ "type": "array", "items": self.item.value_schema(), "maxItems": self.max });
        if self.min > 0 {
            schema.insert("minItems".into(), self.min.into());
        }
        schema
    }
}
