//! Readers of query strings that report every bad parameter at once. The same declarations read a query string and
//! describe it in the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{Schema, json_schema};

use super::validator::{Described, OneOf, Positive, Validator};
use crate::domain::{ErrorCode, Fault, FieldError, Named};

/// A type that is read from a query string.
pub trait QueryInput: Sized {
    /// Reads the parameters. `None` only if one is bad.
    fn read(query: &mut impl QueryReader) -> Option<Self>;
}

/// A source of parameters: a query string that was sent, or the recorder that describes parameters for the contract.
pub trait QueryReader {
    /// Reads an optional parameter that may be given once.
    fn one<P: Param>(&mut self, name: &'static str, param: &P) -> Option<P::Value>;

    /// Reads at most 50 ids, repeated or comma-separated. Duplicates count once.
    fn ids<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T>;

    /// Reads at most 50 values, repeated or comma-separated.
    fn several<P: Param>(&mut self, name: &'static str, param: &P) -> Vec<P::Value>;

    /// Notes a fault that concerns several parameters.
    fn refuse(&mut self, name: &'static str, fault: Fault);

    /// Reads `limit`, 1 to `max`.
    fn limit(&mut self, default: usize, max: usize) -> usize {
        self.one("limit", &Limit { default, max }).unwrap_or(default)
    }
}

/// Validation of one parameter.
pub trait Param {
    /// What it reads.
    type Value;

    /// Parses a value. `None` if it is bad.
    fn parse(&self, text: &str) -> Option<Self::Value>;

    /// Describes valid values, to complete "must be".
    fn kind(&self) -> String;

    /// JSON Schema (2020-12) of valid values, with a description.
    fn schema(&self) -> Schema;
}

/// Maximum number of ids in a filter.
pub const MAX_FILTER_IDS: usize = 50;

/// The parameter `limit`: maximum number of items of a page.
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

/// A day since 1970, UTC, as `2026-01-31`.
#[derive(Clone, Copy, Debug)]
pub struct Day(
    /// Description of the parameter in the OpenAPI document.
    pub &'static str,
);

/// First year of allowed days.
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

/// `true` or `false`.
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

/// A text parameter that a given function parses.
#[derive(Clone, Copy, Debug)]
pub struct TextOf<T> {
    kind: &'static str,
    about: &'static str,
    min: usize,
    max: usize,
    parse: fn(&str) -> Option<T>,
}

/// Text of `min` to `max` characters that `parse` accepts. `kind` completes "must be".
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

/// Reader of a query string that was sent.
pub struct QueryFields {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    /// Parses `application/x-www-form-urlencoded` text. Every text is valid.
    pub fn of(query: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self { values, errors: Vec::new() }
    }

    /// All faults, unread parameters included.
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
