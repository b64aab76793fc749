//! Reading input so that one answer names every bad field, not the first (spec section 2).

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};

use super::text::{is_blank, stored};

/// One entry of an error's `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field or query parameter, as the caller wrote it; `socialMedia.youtube` when nested.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A JSON body that can say everything that is wrong with it.
pub trait Input: Sized {
    /// The `message` of the 400 that names the bad fields.
    const INVALID: &'static str;

    /// `None` exactly when something was added to `errors`.
    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self>;
}

/// A query string that can say everything that is wrong with it.
pub trait QueryInput: Sized {
    /// `None` only when something was added to the query's errors.
    fn read(query: &mut QueryFields) -> Option<Self>;
}

/// The fields of one JSON object. Each read gives `None` after noting what is wrong; what nobody read is noted in the end.
pub struct Fields<'e> {
    object: Map<String, Value>,
    prefix: &'static str,
    read_only: &'static [&'static str],
    errors: &'e mut Vec<FieldError>,
}

impl<'e> Fields<'e> {
    /// The fields of a body. Those of `read_only` may be there and have no effect: a read of the same thing gives them.
    pub fn of(body: Value, read_only: &'static [&'static str], errors: &'e mut Vec<FieldError>) -> Option<Self> {
        Self::object_at(body, "", read_only, errors)
    }

    /// The fields of an object inside a body; `prefix` (`socialMedia.`) comes before their names.
    pub fn nested(body: Value, prefix: &'static str, errors: &'e mut Vec<FieldError>) -> Option<Self> {
        Self::object_at(body, prefix, &[], errors)
    }

    fn object_at(
        body: Value,
        prefix: &'static str,
        read_only: &'static [&'static str],
        errors: &'e mut Vec<FieldError>,
    ) -> Option<Self> {
        if let Value::Object(object) = body {
            return Some(Self { object, prefix, read_only, errors });
        }
        let field = if prefix.is_empty() { "body" } else { prefix.trim_end_matches('.') };
        errors.push(FieldError::new(field, "must be an object"));
        None
    }

    /// A field that must be there and must not be `null`.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        match self.take(name) {
            None => self.refuse(name, "is required"),
            Some(value) => self.read(name, value, read),
        }
    }

    /// Takes a field as it is, `None` when it is not there.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name)
    }

    /// Reads a value of a field.
    pub fn read<T>(&mut self, name: &str, value: Value, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        read(value).map_or_else(|message| self.refuse(name, message), Some)
    }

    /// A field that must be there and may be `null`.
    pub fn nullable<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<Option<T>> {
        match self.object.get(name) {
            None => self.refuse(name, "is required (null leaves it as it is)"),
            Some(_) => self.optional(name, read),
        }
    }

    /// A field that may be missing or `null`.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<Option<T>> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.read(name, value, read).map(Some),
        }
    }

    /// The errors, for an object inside this one.
    pub fn errors(&mut self) -> &mut Vec<FieldError> {
        self.errors
    }

    /// Notes what is wrong with a field.
    pub fn refuse<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError::new(format!("{}{name}", self.prefix), message));
        None
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        let unknown = self.object.keys().filter(|name| !self.read_only.contains(&name.as_str()));
        let unknown =
            unknown.map(|name| FieldError::new(format!("{}{name}", self.prefix), "is not a field of this request"));
        self.errors.extend(unknown);
    }
}

fn string(value: Value, multiline: bool, max: usize) -> Result<String, String> {
    let Value::String(text) = value else { return Err("must be a string".into()) };
    if is_blank(&text) {
        return Err("must have something to be seen".into());
    }
    let text = stored(&text);
    if text.chars().any(|c| c.is_control() && !(multiline && matches!(c, '\n' | '\r' | '\t'))) {
        return Err("must not contain control characters".into());
    }
    if text.chars().count() > max {
        return Err(format!("must be at most {max} characters"));
    }
    Ok(text)
}

/// One line of at most `max` characters, trimmed; may be empty.
pub(super) fn line(max: usize) -> impl Fn(Value) -> Result<String, String> {
    move |value| string(value, false, max)
}

/// One line of 1 to `max` characters, trimmed.
pub(super) fn filled(max: usize) -> impl Fn(Value) -> Result<String, String> {
    move |value| string(value, false, max).and_then(not_empty)
}

/// Lines of at most `max` characters in all, trimmed; may be empty.
pub(super) fn lines(max: usize) -> impl Fn(Value) -> Result<String, String> {
    move |value| string(value, true, max)
}

/// Lines of 1 to `max` characters in all, trimmed.
pub(super) fn filled_lines(max: usize) -> impl Fn(Value) -> Result<String, String> {
    move |value| string(value, true, max).and_then(not_empty)
}

fn not_empty(text: String) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text) }
}

/// A string that is one of a type's names.
pub(super) fn one_of<T: FromStr>(names: &'static str) -> impl Fn(Value) -> Result<T, String> {
    move |value| value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("must be one of {names}"))
}

/// An id as a JSON number.
pub(super) fn id<T>(new: impl Fn(u64) -> Option<T>) -> impl Fn(Value) -> Result<T, String> {
    move |value| value.as_u64().and_then(&new).ok_or_else(|| "must be a positive integer".into())
}

/// An array of at most `max` items; the message names the first bad one.
pub(super) fn list<T>(
    max: usize,
    item: impl Fn(Value) -> Result<T, String>,
) -> impl Fn(Value) -> Result<Vec<T>, String> {
    move |value| {
        let Value::Array(items) = value else { return Err("must be an array".into()) };
        if items.len() > max {
            return Err(format!("must have at most {max} items"));
        }
        let numbered = items.into_iter().enumerate();
        numbered.map(|(n, v)| item(v).map_err(|e| format!("item {}: {e}", n + 1))).collect()
    }
}

/// The parameters of one query string.
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

    /// A parameter that may be missing and is given once; `kind` completes "must be ...".
    pub fn one<T>(&mut self, name: &str, kind: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let values = self.values.remove(name)?;
        let parsed = match &values[..] {
            [value] => parse(value.trim()),
            _ => None,
        };
        if parsed.is_none() {
            let times = if values.len() > 1 { ", given once" } else { "" };
            self.errors.push(FieldError::new(name, format!("must be {kind}{times}")));
        }
        parsed
    }

    /// A list of at most 50 ids, repeated or comma-separated; duplicates count once.
    pub fn ids<T: FromStr + Ord>(&mut self, name: &str) -> Vec<T> {
        const MOST: usize = 50;
        let values = self.values.remove(name).unwrap_or_default();
        let parsed: Result<std::collections::BTreeSet<T>, _> =
            values.iter().flat_map(|value| value.split(',')).map(|part| part.trim().parse()).collect();
        match parsed {
            Ok(ids) if ids.len() <= MOST => return ids.into_iter().collect(),
            Ok(_) => self.refuse(name, format!("must be at most {MOST} ids")),
            Err(_) => self.refuse(name, "must be positive integers, repeated or comma-separated"),
        }
        Vec::new()
    }

    /// A day since 1970, UTC, as `2026-01-31`.
    pub fn day(&mut self, name: &str) -> Option<Date> {
        let parse = |text: &str| text.parse::<Date>().ok().filter(|day| day.year() >= 1970 && text.len() == 10);
        self.one(name, "a day, as 2026-01-31", parse)
    }

    /// `limit`, 1 to `max`.
    pub fn limit(&mut self, default: usize, max: usize) -> usize {
        let kind = format!("an integer from 1 to {max}");
        let parse = |text: &str| text.parse().ok().filter(|limit| (1..=max).contains(limit));
        self.one("limit", &kind, parse).unwrap_or(default)
    }

    /// Notes that a parameter is missing, unless it was there and bad.
    pub fn require(&mut self, name: &str, kind: &str) {
        if self.errors.iter().all(|error| error.field != name) {
            self.refuse(name, format!("is required: {kind}"));
        }
    }

    /// Notes an error that no single parse can see.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(name, message));
    }

    /// Everything that was wrong, each parameter that nobody read included.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        let unknown = self.values.into_keys().map(|name| FieldError::new(name, "is not a parameter of this endpoint"));
        self.errors.extend(unknown);
        self.errors
    }
}
