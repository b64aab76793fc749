//! Validators of single JSON values in request bodies. A validator converts a value or returns an error, and describes
//! valid values in the OpenAPI document.

use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde_json::Value;

use crate::domain::{ErrorCode, Fault, Named, Timestamp, is_blank, stored};

/// Validates and converts one JSON value of a request body.
pub trait Validator {
    /// Type of a converted value.
    type Value;

    /// Validates and converts a JSON value.
    ///
    /// # Errors
    /// The reason why the value is not valid.
    fn read(&self, value: Value) -> Result<Self::Value, Fault>;

    /// JSON Schema (2020-12) of valid values.
    fn schema(&self) -> Schema;

    /// Adds a description of the value, which the OpenAPI document shows.
    fn describe(self, text: &'static str) -> Described<Self>
    where
        Self: Sized,
    {
        Described { rule: self, text }
    }
}

/// A validator with a description for the OpenAPI document, see [`Validator::describe`].
#[derive(Clone, Copy, Debug)]
pub struct Described<R> {
    rule: R,
    text: &'static str,
}

impl<R: Validator> Validator for Described<R> {
    type Value = R::Value;

    fn read(&self, value: Value) -> Result<Self::Value, Fault> {
        self.rule.read(value)
    }

    fn schema(&self) -> Schema {
        let mut schema = self.rule.schema();
        schema.insert("description".into(), self.text.into());
        schema
    }
}

/// Validates a text, and converts the text to Unicode normal form C without surrounding whitespace. Lengths are in
/// characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    min: usize,
    max: usize,
    multiline: bool,
}

/// Accepts a text of one line with at most `max` characters. The text may be empty.
pub(crate) const fn line(max: usize) -> Text {
    Text { min: 0, max, multiline: false }
}

/// Accepts a text of one line with 1 to `max` characters.
pub(crate) const fn filled(max: usize) -> Text {
    Text { min: 1, ..line(max) }
}

/// Accepts a text of several lines with at most `max` characters in total. The text may be empty.
pub(crate) const fn lines(max: usize) -> Text {
    Text { multiline: true, ..line(max) }
}

/// Accepts a text of several lines with 1 to `max` characters in total.
pub(crate) const fn filled_lines(max: usize) -> Text {
    Text { min: 1, ..lines(max) }
}

impl Validator for Text {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, Fault> {
        let Value::String(text) = value else { return Err(ErrorCode::InvalidType.fault("must be a string")) };
        if is_blank(&text) {
            return Err(ErrorCode::Empty.fault("must have a visible character"));
        }
        let text = stored(&text);
        if text.chars().any(|c| c.is_control() && !(self.multiline && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(ErrorCode::ControlCharacters.fault("must not contain control characters"));
        }
        if text.chars().count() > self.max {
            return Err(ErrorCode::TooLong.fault(format!("must be at most {} characters", self.max)));
        }
        if text.chars().count() < self.min {
            return Err(ErrorCode::Empty.fault("must not be empty"));
        }
        Ok(text)
    }

    fn schema(&self) -> Schema {
        let mut schema = json_schema!({ "type": "string", "maxLength": self.max });
        if self.min > 0 {
            schema.insert("minLength".into(), self.min.into());
        }
        schema
    }
}

/// Validates the name of a value of the enum `T`, see [`Named`].
#[derive(Clone, Copy, Debug)]
pub struct OneOf<T>(PhantomData<T>);

/// Accepts the name of a value of the enum `T`, see [`Named`].
pub const fn one_of<T: Named>() -> OneOf<T> {
    OneOf(PhantomData)
}

impl<T: Named> OneOf<T> {
    pub(crate) fn kind() -> String {
        format!("one of {}", T::names().join(", "))
    }
}

impl<T: Named> Validator for OneOf<T> {
    type Value = T;

    fn read(&self, value: Value) -> Result<T, Fault> {
        let named = value.as_str().and_then(T::of_name);
        named.ok_or_else(|| ErrorCode::InvalidValue.fault(format!("must be {}", Self::kind())))
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "enum": T::names() })
    }
}

/// Validates a time in RFC 3339 format and truncates the time to milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment;

/// Accepts a time in RFC 3339 format and truncates the time to milliseconds.
pub(crate) const fn moment() -> Moment {
    Moment
}

impl Validator for Moment {
    type Value = Timestamp;

    fn read(&self, value: Value) -> Result<Timestamp, Fault> {
        let read = value.as_str().and_then(|text| text.trim().parse().ok());
        read.ok_or_else(|| ErrorCode::InvalidFormat.fault("must be a time, as 2026-01-31T12:00:00Z"))
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Validates `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boolean(&'static str);

/// Accepts `true` or `false`. `about` describes the field in the OpenAPI document.
pub(crate) const fn boolean(about: &'static str) -> Boolean {
    Boolean(about)
}

impl Validator for Boolean {
    type Value = bool;

    fn read(&self, value: Value) -> Result<bool, Fault> {
        value.as_bool().ok_or_else(|| ErrorCode::InvalidType.fault("must be true or false"))
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "boolean", "description": self.0 })
    }
}

/// Validates a JSON number that is an id or another positive integer.
#[derive(Clone, Copy, Debug)]
pub struct Positive<T>(PhantomData<T>);

/// Accepts a positive integer that converts to `T`, for example an id.
pub const fn positive<T: TryFrom<u64>>() -> Positive<T> {
    Positive(PhantomData)
}

/// Reads a JSON number as a non-negative integer. `1.0` is accepted, because JSON Schema counts `1.0` as an integer.
/// <https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3>
fn integer(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and below 2^53")]
    let whole = |number: f64| (number.fract() == 0.0 && (0.0..9.0e15).contains(&number)).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

impl<T: TryFrom<u64>> Validator for Positive<T> {
    type Value = T;

    fn read(&self, value: Value) -> Result<T, Fault> {
        let number = integer(&value).filter(|number| (1..=crate::domain::ids::MAX).contains(number));
        let id = number.and_then(|number| number.try_into().ok());
        id.ok_or_else(|| ErrorCode::InvalidValue.fault("must be a positive integer"))
    }

    fn schema(&self) -> Schema {
        crate::domain::ids::schema()
    }
}

/// Validates an array and each item in the array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<R> {
    min: usize,
    max: usize,
    item: R,
}

/// Accepts an array of at most `max` items that `item` accepts.
pub(crate) const fn list<R: Validator>(max: usize, item: R) -> List<R> {
    List { min: 0, max, item }
}

/// Accepts an array of 1 to `max` items that `item` accepts.
pub(crate) const fn filled_list<R: Validator>(max: usize, item: R) -> List<R> {
    List { min: 1, max, item }
}

impl<R: Validator> Validator for List<R> {
    type Value = Vec<R::Value>;

    /// Validates the array and each item. The error message names the number of the first bad item, counted from 1.
    fn read(&self, value: Value) -> Result<Self::Value, Fault> {
        let Value::Array(items) = value else { return Err(ErrorCode::InvalidType.fault("must be an array")) };
        if items.len() < self.min {
            let range = format!("must have {} to {} items", self.min, self.max);
            return Err(ErrorCode::InvalidLength.fault(range));
        }
        if items.len() > self.max {
            return Err(ErrorCode::InvalidLength.fault(format!("must have at most {} items", self.max)));
        }
        let numbered = items.into_iter().enumerate();
        let at = |n: usize, fault: Fault| fault.code.fault(format!("item {}: {}", n + 1, fault.message));
        numbered.map(|(n, value)| self.item.read(value).map_err(|fault| at(n, fault))).collect()
    }

    fn schema(&self) -> Schema {
        let mut schema = json_schema!({ "type": "array", "items": self.item.schema(), "maxItems": self.max });
        if self.min > 0 {
            schema.insert("minItems".into(), self.min.into());
        }
        schema
    }
}
