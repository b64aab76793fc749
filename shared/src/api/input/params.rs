//! Reads the parameters of query strings and reports every bad parameter at once. The declarations of the parameters
//! also generate the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{Schema, json_schema};

use super::validator::{Described, OneOf, Positive, Validator};
use crate::domain::{ErrorCode, Fault, FieldError, Named};

/// A type that can be read from the query string of a request.
pub trait QueryInput: Sized {
    /// Reads and validates the parameters. `None` only if a parameter is bad.
    fn read(query: &mut impl QueryReader) -> Option<Self>;
}

/// Reads query parameters. Implemented for a received query string, [`QueryFields`], and for the recorder that
/// generates the parameters in the OpenAPI document.
pub trait QueryReader {
    /// Reads an optional parameter. `None` if the parameter is absent. A bad value, or a parameter that is given twice,
    /// is recorded as a validation error and returned as `None` too.
    fn one<P: Param>(&mut self, name: &'static str, param: &P) -> Option<P::Value>;

    /// Reads a parameter with at most 50 ids, which may be repeated or comma-separated. Removes duplicates. `about` is
    /// the description in the OpenAPI document.
    fn ids<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T>;

    /// Reads a parameter with at most 50 values, which may be repeated or comma-separated.
    fn several<P: Param>(&mut self, name: &'static str, param: &P) -> Vec<P::Value>;

    /// Records a validation error for the parameter `name`.
    fn refuse(&mut self, name: &'static str, fault: Fault);

    /// Reads the parameter `limit`: 1 to `max`, or `default` if the parameter is absent.
    fn limit(&mut self, default: usize, max: usize) -> usize {
        self.one("limit", &Limit { default, max }).unwrap_or(default)
    }
}

/// Type of a query parameter: parses the text of a value, and describes valid values in the OpenAPI document.
pub trait Param {
    /// Type of a parsed value.
    type Value;

    /// Parses the text of one value. `None` if the text is not valid.
    fn parse(&self, text: &str) -> Option<Self::Value>;

    /// Describes valid values in words that follow "must be" in an error message, for example `a positive integer`.
    fn kind(&self) -> String;

    /// JSON Schema (2020-12) of valid values, with a description.
    fn schema(&self) -> Schema;
}

/// Maximum number of values that one filter parameter may have, such as ids of statuses.
pub const MAX_FILTER_IDS: usize = 50;

/// The query parameter `limit`: maximum number of items on a page.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    default: usize,
    max: usize,
}

impl Param for Limit {
    type Value = usize;

    fn parse(&self, text: &str) -> Option<usize> {
        text.parse().ok().filter(|limit| (1..=self.max).contains(limit))
    }

    fn kind(&self) -> String {
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
pub struct Day(
    /// Description of the parameter in the OpenAPI document.
    pub &'static str,
);

/// Earliest year that a day parameter may have.
const FIRST_YEAR: i16 = 1970;

impl Param for Day {
    type Value = Date;

    fn parse(&self, text: &str) -> Option<Date> {
        text.parse::<Date>().ok().filter(|day| day.year() >= FIRST_YEAR && text.len() == 10)
    }

    fn kind(&self) -> String {
        "a day, as 2026-01-31".into()
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "format": "date", "description": self.0 })
    }
}

/// A query parameter that is `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Flag(
    /// Description of the parameter in the OpenAPI document.
    pub &'static str,
);

impl Param for Flag {
    type Value = bool;

    fn parse(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }

    fn kind(&self) -> String {
        "true or false".into()
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "boolean", "default": false, "description": self.0 })
    }
}

impl<T: Named> Param for Described<OneOf<T>> {
    type Value = T;

    fn parse(&self, text: &str) -> Option<T> {
        T::of_name(text)
    }

    fn kind(&self) -> String {
        OneOf::<T>::kind()
    }

    fn schema(&self) -> Schema {
        Validator::schema(self)
    }
}

/// A query parameter whose text is parsed by a given function.
#[derive(Clone, Copy, Debug)]
pub struct TextOf<T> {
    kind: &'static str,
    about: &'static str,
    min: usize,
    max: usize,
    parse: fn(&str) -> Option<T>,
}

/// Declares a query parameter of `min` to `max` characters that `parse` parses. `kind` describes valid values after
/// "must be" in an error message; `about` is the description in the OpenAPI document.
pub const fn text_of<T>(
    kind: &'static str,
    about: &'static str,
    (min, max): (usize, usize),
    parse: fn(&str) -> Option<T>,
) -> TextOf<T> {
    TextOf { kind, about, min, max, parse }
}

impl<T> Param for TextOf<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Option<T> {
        if (self.min..=self.max).contains(&text.chars().count()) { (self.parse)(text) } else { None }
    }

    fn kind(&self) -> String {
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

impl<T: TryFrom<u64> + FromStr> Param for Described<Positive<T>> {
    type Value = T;

    fn parse(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn kind(&self) -> String {
        "a positive integer".into()
    }

    fn schema(&self) -> Schema {
        Validator::schema(self)
    }
}

/// Reads the parameters of a received query string, and collects the validation errors.
pub struct QueryFields {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    /// Parses a query string in `application/x-www-form-urlencoded` format. Every text is valid.
    pub fn of(query: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self { values, errors: Vec::new() }
    }

    /// Returns all validation errors. Each parameter that was not read adds an error.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        let fault = || ErrorCode::UnknownParameter.fault("is not a parameter of this endpoint");
        let unknown = self.values.into_keys().map(|name| FieldError::new(name, fault()));
        self.errors.extend(unknown);
        self.errors
    }
}

impl QueryReader for QueryFields {
    fn one<P: Param>(&mut self, name: &'static str, param: &P) -> Option<P::Value> {
        let values = self.values.remove(name)?;
        let parsed = match &values[..] {
            [value] => param.parse(value.trim()),
            _ => None,
        };
        if parsed.is_none() {
            let times = if values.len() > 1 { ", given once" } else { "" };
            self.refuse(name, ErrorCode::InvalidValue.fault(format!("must be {}{times}", param.kind())));
        }
        parsed
    }

    fn ids<T: FromStr + Ord>(&mut self, name: &'static str, _: &'static str) -> Vec<T> {
        let values = self.values.remove(name).unwrap_or_default();
        let parsed: Result<BTreeSet<T>, _> =
            values.iter().flat_map(|value| value.split(',')).map(|part| part.trim().parse()).collect();
        match parsed {
            Ok(ids) if ids.len() <= MAX_FILTER_IDS => return ids.into_iter().collect(),
            Ok(_) => {
                self.refuse(name, ErrorCode::InvalidLength.fault(format!("must be at most {MAX_FILTER_IDS} ids")));
            }
            Err(_) => {
                let fault = "must be positive integers, repeated or comma-separated";
                self.refuse(name, ErrorCode::InvalidValue.fault(fault));
            }
        }
        Vec::new()
    }

    fn several<P: Param>(&mut self, name: &'static str, param: &P) -> Vec<P::Value> {
        let values = self.values.remove(name).unwrap_or_default();
        let parts: Vec<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        let parsed: Option<Vec<_>> = parts.iter().map(|part| param.parse(part)).collect();
        match parsed {
            Some(several) if several.len() <= MAX_FILTER_IDS => return several,
            Some(_) => {
                self.refuse(name, ErrorCode::InvalidLength.fault(format!("must be at most {MAX_FILTER_IDS} values")));
            }
            None => {
                let fault = format!("must be {}, repeated or comma-separated", param.kind());
                self.refuse(name, ErrorCode::InvalidValue.fault(fault));
            }
        }
        Vec::new()
    }

    fn refuse(&mut self, name: &'static str, fault: Fault) {
        self.errors.push(FieldError::new(name, fault));
    }
}
