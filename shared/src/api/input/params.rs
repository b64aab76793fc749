//! Reads the parameters of query strings and reports every bad parameter at once. The declarations of the parameters
//! also generate the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{Schema, json_schema};

use super::validator::{DescribedValidator, EnumNameValidator, PositiveInteger, Validator};
use crate::domain::{ErrorCode, FieldError, NamedEnum, ValidationFault};

/// A type that can be read from the query string of a request.
pub trait FromQuery: Sized {
    /// Reads and validates the parameters. `None` only if a parameter is bad.
    fn read(query: &mut impl QueryReader) -> Option<Self>;
}

/// Reads query parameters. Implemented for a received query string, [`QueryStringReader`], and for the recorder that
/// generates the parameters in the OpenAPI document.
pub trait QueryReader {
    /// Reads an optional parameter. `None` if the parameter is absent. A bad value, or a parameter that is given twice,
    /// is recorded as a validation error and returned as `None` too.
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::Output>;

    /// Reads a parameter with at most 50 ids, which may be repeated or comma-separated. Removes duplicates. `about` is
    /// the description in the OpenAPI document.
    fn read_id_list<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T>;

    /// Reads a parameter with at most 50 values, which may be repeated or comma-separated.
    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::Output>;

    /// Records a validation error for the parameter `name`.
    fn record_error(&mut self, name: &'static str, fault: ValidationFault);

    /// Reads the parameter `limit`: 1 to `max`, or `default` if the parameter is absent.
    fn read_limit(&mut self, default: usize, max: usize) -> usize {
        self.read_single_value("limit", &LimitParam { default, max }).unwrap_or(default)
    }
}

/// Type of a query parameter: parses the text of a value, and describes valid values in the OpenAPI document.
pub trait QueryParam {
    /// Type of a parsed value.
    type Output;

    /// Parses the text of one value. `None` if the text is not valid.
    fn parse(&self, text: &str) -> Option<Self::Output>;

    /// Describes valid values in words that follow "must be" in an error message, for example `a positive integer`.
    fn expected_values(&self) -> String;

    /// JSON Schema (2020-12) of valid values, with a description.
    fn schema(&self) -> Schema;
}

/// Maximum number of values that one filter parameter may have, such as ids of statuses.
pub const MAX_FILTER_VALUES: usize = 50;

/// The query parameter `limit`: maximum number of items on a page.
#[derive(Clone, Copy, Debug)]
pub struct LimitParam {
    default: usize,
    max: usize,
}

impl QueryParam for LimitParam {
    type Output = usize;

    fn parse(&self, text: &str) -> Option<usize> {
        text.parse().ok().filter(|limit| (1..=self.max).contains(limit))
    }

    fn expected_values(&self) -> String {
        format!("an integer from 1 to {}", self.max)
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": self.max,
            "default": self.default,
            "description": "The maximum number of items in the answer.",
        })
    }
}

/// A query parameter that is a day in UTC, such as `2026-01-31`, in 1970 or later.
#[derive(Clone, Copy, Debug)]
pub struct DayParam(
    /// Description of the parameter in the OpenAPI document.
    pub &'static str,
);

/// Earliest year that a day parameter may have.
const MIN_DAY_YEAR: i16 = 1970;

impl QueryParam for DayParam {
    type Output = Date;

    fn parse(&self, text: &str) -> Option<Date> {
        text.parse::<Date>().ok().filter(|day| day.year() >= MIN_DAY_YEAR && text.len() == 10)
    }

    fn expected_values(&self) -> String {
        "a day, as 2026-01-31".into()
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "format": "date", "description": self.0 })
    }
}

/// A query parameter that is `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct BooleanParam(
    /// Description of the parameter in the OpenAPI document.
    pub &'static str,
);

impl QueryParam for BooleanParam {
    type Output = bool;

    fn parse(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }

    fn expected_values(&self) -> String {
        "true or false".into()
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "boolean", "default": false, "description": self.0 })
    }
}

impl<T: NamedEnum> QueryParam for DescribedValidator<EnumNameValidator<T>> {
    type Output = T;

    fn parse(&self, text: &str) -> Option<T> {
        T::from_name(text)
    }

    fn expected_values(&self) -> String {
        EnumNameValidator::<T>::expected_values()
    }

    fn schema(&self) -> Schema {
        Validator::schema(self)
    }
}

/// A query parameter whose text is parsed by a given function.
#[derive(Clone, Copy, Debug)]
pub struct TextParam<T> {
    kind: &'static str,
    about: &'static str,
    min: usize,
    max: usize,
    parse: fn(&str) -> Option<T>,
}

/// Declares a query parameter of `min` to `max` characters that `parse` parses. `kind` describes valid values after
/// "must be" in an error message; `about` is the description in the OpenAPI document.
pub const fn text_param<T>(
    kind: &'static str,
    about: &'static str,
    (min, max): (usize, usize),
    parse: fn(&str) -> Option<T>,
) -> TextParam<T> {
    TextParam { kind, about, min, max, parse }
}

impl<T> QueryParam for TextParam<T> {
    type Output = T;

    fn parse(&self, text: &str) -> Option<T> {
        if (self.min..=self.max).contains(&text.chars().count()) { (self.parse)(text) } else { None }
    }

    fn expected_values(&self) -> String {
        self.kind.into()
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": self.min,
            "maxLength": self.max,
            "description": self.about,
        })
    }
}

impl<T: TryFrom<u64> + FromStr> QueryParam for DescribedValidator<PositiveInteger<T>> {
    type Output = T;

    fn parse(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn expected_values(&self) -> String {
        "a positive integer".into()
    }

    fn schema(&self) -> Schema {
        Validator::schema(self)
    }
}

/// Reads the parameters of a received query string, and collects the validation errors.
pub struct QueryStringReader {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl QueryStringReader {
    /// Parses a query string in `application/x-www-form-urlencoded` format. Every text is valid.
    pub fn of(query: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self::of_values(values)
    }

    /// Wraps values by the names of their parameters.
    pub fn of_values(values: BTreeMap<String, Vec<String>>) -> Self {
        Self { values, errors: Vec::new() }
    }

    /// Returns all validation errors. Each parameter that was not read adds an error.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        let fault = || ErrorCode::UnknownParameter.with_message("is not a parameter of this endpoint");
        let unknown = self.values.into_keys().map(|name| FieldError::new(name, fault()));
        self.errors.extend(unknown);
        self.errors
    }
}

impl QueryReader for QueryStringReader {
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::Output> {
        let values = self.values.remove(name)?;
        let parsed = match &values[..] {
            [value] => param.parse(value.trim()),
            _ => None,
        };
        if parsed.is_none() {
            let times = if values.len() > 1 { ", given once" } else { "" };
            self.record_error(
                name,
                ErrorCode::InvalidValue.with_message(format!("must be {}{times}", param.expected_values())),
            );
        }
        parsed
    }

    fn read_id_list<T: FromStr + Ord>(&mut self, name: &'static str, _: &'static str) -> Vec<T> {
        let values = self.values.remove(name).unwrap_or_default();
        let parsed: Result<BTreeSet<T>, _> =
            values.iter().flat_map(|value| value.split(',')).map(|part| part.trim().parse()).collect();
        match parsed {
            Ok(ids) if ids.len() <= MAX_FILTER_VALUES => return ids.into_iter().collect(),
            Ok(_) => {
                self.record_error(
                    name,
                    ErrorCode::InvalidLength.with_message(format!("must be at most {MAX_FILTER_VALUES} ids")),
                );
            }
            Err(_) => {
                let fault = "must be positive integers, repeated or comma-separated";
                self.record_error(name, ErrorCode::InvalidValue.with_message(fault));
            }
        }
        Vec::new()
    }

    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::Output> {
        let values = self.values.remove(name).unwrap_or_default();
        let parts: Vec<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        let parsed: Option<Vec<_>> = parts.iter().map(|part| param.parse(part)).collect();
        match parsed {
            Some(several) if several.len() <= MAX_FILTER_VALUES => return several,
            Some(_) => {
                self.record_error(
                    name,
                    ErrorCode::InvalidLength.with_message(format!("must be at most {MAX_FILTER_VALUES} values")),
                );
            }
            None => {
                let fault = format!("must be {}, repeated or comma-separated", param.expected_values());
                self.record_error(name, ErrorCode::InvalidValue.with_message(fault));
            }
        }
        Vec::new()
    }

    fn record_error(&mut self, name: &'static str, fault: ValidationFault) {
        self.errors.push(FieldError::new(name, fault));
    }
}
