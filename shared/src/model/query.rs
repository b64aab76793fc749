//! Query strings, read so that one answer names every bad parameter. What reads one says no more than what it is made of,
//! so that the contract is written by the same code.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{Schema, json_schema};

use super::rule::{Named, OneOf};
use super::{ErrorCode, Fault, FieldError};

/// What a query string can say.
pub trait QueryInput: Sized {
    /// `None` only when something is wrong.
    fn read(query: &mut impl Query) -> Option<Self>;
}

/// A query string: one that was sent, or the description of all that can be.
pub trait Query {
    /// A parameter that may be missing and is given once.
    fn one<P: Param>(&mut self, name: &'static str, param: &P) -> Option<P::Value>;

    /// A list of at most 50 ids, repeated or comma-separated; duplicates count once.
    fn ids<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T>;

    /// A list of at most 50 values, repeated or comma-separated.
    fn several<P: Param>(&mut self, name: &'static str, param: &P) -> Vec<P::Value>;

    /// Notes an error that no single parameter can see.
    fn refuse(&mut self, name: &'static str, fault: Fault);

    /// `limit`, 1 to `max`.
    fn limit(&mut self, default: usize, max: usize) -> usize {
        self.one("limit", &Limit { default, max }).unwrap_or(default)
    }
}

/// What one parameter may be.
pub trait Param {
    /// What it reads.
    type Value;

    /// `None` for anything else.
    fn parse(&self, text: &str) -> Option<Self::Value>;

    /// Completes "must be".
    fn kind(&self) -> String;

    /// What it reads, as JSON Schema (draft 2020-12), with a description.
    fn schema(&self) -> Schema;
}

/// The largest number of ids in a filter (spec section 2).
pub const MOST_IDS: usize = 50;

/// How many items a page has at most.
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
            "description": "How many items to answer at most.",
        })
    }
}

/// A day since 1970, UTC, as `2026-01-31`.
#[derive(Clone, Copy, Debug)]
pub struct Day(
    /// Which it is, as a sentence.
    pub &'static str,
);

/// The first year that a day may be of.
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
    /// What it does, as a sentence.
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

/// One of a type's names.
#[derive(Clone, Copy, Debug)]
pub struct Choice<T> {
    about: &'static str,
    of: PhantomData<T>,
}

/// One of a type's names; `about` says what it decides.
pub const fn choice<T: Named>(about: &'static str) -> Choice<T> {
    Choice { about, of: PhantomData }
}

impl<T: Named> Param for Choice<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Option<T> {
        T::of_name(text)
    }

    fn kind(&self) -> String {
        OneOf::<T>::kind()
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "enum": T::names(), "description": self.about })
    }
}

/// Text that something is made of, where it can be.
#[derive(Clone, Copy, Debug)]
pub struct TextOf<T> {
    kind: &'static str,
    about: &'static str,
    min: usize,
    max: usize,
    parse: fn(&str) -> Option<T>,
}

/// Text of `min` to `max` characters that `parse` takes; `kind` completes "must be".
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

/// An id; `about` says of what.
#[derive(Clone, Copy, Debug)]
pub struct Id<T> {
    about: &'static str,
    of: PhantomData<T>,
}

/// An id; `about` says of what.
pub const fn id<T: FromStr>(about: &'static str) -> Id<T> {
    Id { about, of: PhantomData }
}

impl<T: FromStr> Param for Id<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn kind(&self) -> String {
        "a positive integer".into()
    }

    fn schema(&self) -> Schema {
        let mut schema = super::ids::schema();
        schema.insert("description".into(), self.about.into());
        schema
    }
}

/// The parameters of a query string that was sent.
pub struct QueryFields {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    /// Parses `application/x-www-form-urlencoded` text; every text is one.
    pub fn of(query: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self { values, errors: Vec::new() }
    }

    /// Everything that was wrong, each parameter that nobody read included.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        let fault = || ErrorCode::UnknownParameter.fault("is not a parameter of this endpoint");
        let unknown = self.values.into_keys().map(|name| FieldError::new(name, fault()));
        self.errors.extend(unknown);
        self.errors
    }
}

impl Query for QueryFields {
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
            Ok(ids) if ids.len() <= MOST_IDS => return ids.into_iter().collect(),
            Ok(_) => {
                self.refuse(name, ErrorCode::InvalidLength.fault(format!("must be at most {MOST_IDS} ids")));
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
            Some(several) if several.len() <= MOST_IDS => return several,
            Some(_) => {
                self.refuse(name, ErrorCode::InvalidLength.fault(format!("must be at most {MOST_IDS} values")));
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
