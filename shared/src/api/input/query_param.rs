//! Types of query parameters: how a value is parsed, and its schema in the OpenAPI document.

use std::str::FromStr;

use jiff::civil::Date;
use schemars::{Schema, json_schema};

use super::validator::{DescribedValidator, EnumNameValidator, PositiveIntegerValidator, Validator};
use crate::domain::NamedEnum;

/// Type of a query parameter: parses the text of a value, and describes valid values in the OpenAPI document.
pub trait QueryParam {
    /// Type of a parsed value.
    type ParamValue;

    /// Parses the text of one value. `None` if the text is not valid.
    fn parse_param(&self, text: &str) -> Option<Self::ParamValue>;

    /// Describes valid values in words that follow "must be" in an error message, for example `a positive integer`.
    fn expected_values(&self) -> String;

    /// JSON Schema (2020-12) of valid values, with a description.
    fn param_schema(&self) -> Schema;
}

/// Maximum number of values that one filter parameter may have, such as ids of statuses.
pub const MAX_FILTER_VALUES: usize = 50;

/// The query parameter `limit`: maximum number of items on a page.
#[derive(Clone, Copy, Debug)]
pub struct LimitParam {
    pub(super) default: usize,
    pub(super) max: usize,
}

impl QueryParam for LimitParam {
    type ParamValue = usize;

    fn parse_param(&self, text: &str) -> Option<usize> {
        text.parse().ok().filter(|limit| (1..=self.max).contains(limit))
    }

    fn expected_values(&self) -> String {
        format!("an integer from 1 to {}", self.max)
    }

    fn param_schema(&self) -> Schema {
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
    type ParamValue = Date;

    fn parse_param(&self, text: &str) -> Option<Date> {
        text.parse::<Date>().ok().filter(|day| day.year() >= MIN_DAY_YEAR && text.len() == 10)
    }

    fn expected_values(&self) -> String {
        "a day, as 2026-01-31".into()
    }

    fn param_schema(&self) -> Schema {
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
    type ParamValue = bool;

    fn parse_param(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }

    fn expected_values(&self) -> String {
        "true or false".into()
    }

    fn param_schema(&self) -> Schema {
        json_schema!({ "type": "boolean", "default": false, "description": self.0 })
    }
}

impl<T: NamedEnum> QueryParam for DescribedValidator<EnumNameValidator<T>> {
    type ParamValue = T;

    fn parse_param(&self, text: &str) -> Option<T> {
        T::from_name(text)
    }

    fn expected_values(&self) -> String {
        EnumNameValidator::<T>::expected_values()
    }

    fn param_schema(&self) -> Schema {
        Validator::value_schema(self)
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
pub const fn text_query_param<T>(
    kind: &'static str,
    about: &'static str,
    (min, max): (usize, usize),
    parse: fn(&str) -> Option<T>,
) -> TextParam<T> {
    TextParam { kind, about, min, max, parse }
}

impl<T> QueryParam for TextParam<T> {
    type ParamValue = T;

    fn parse_param(&self, text: &str) -> Option<T> {
        if (self.min..=self.max).contains(&text.chars().count()) { (self.parse)(text) } else { None }
    }

    fn expected_values(&self) -> String {
        self.kind.into()
    }

    fn param_schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": self.min,
            "maxLength": self.max,
            "description": self.about,
        })
    }
}

impl<T: TryFrom<u64> + FromStr> QueryParam for DescribedValidator<PositiveIntegerValidator<T>> {
    type ParamValue = T;

    fn parse_param(&self, text: &str) -> Option<T> {
        text.parse().ok()
    }

    fn expected_values(&self) -> String {
        "a positive integer".into()
    }

    fn param_schema(&self) -> Schema {
        Validator::value_schema(self)
    }
}
