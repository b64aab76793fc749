//! Reads received query strings and collects their validation errors.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::query_param::{MAX_FILTER_VALUES, QueryParam};
use super::query_reader::QueryReader;
use crate::domain::{ErrorCode, FieldError, ValidationFault};

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
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::ParamValue> {
        let values = self.values.remove(name)?;
        let parsed = match &values[..] {
            [value] => param.parse_param(value.trim()),
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
        let parsed: Result<Vec<T>, _> =
            values.iter().flat_map(|value| value.split(',')).map(|part| part.trim().parse()).collect();
        match parsed {
            // Repetitions of an id count too, as in the `maxItems` of the contract.
            Ok(ids) if ids.len() <= MAX_FILTER_VALUES => {
                return ids.into_iter().collect::<BTreeSet<T>>().into_iter().collect();
            }
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

    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::ParamValue> {
        let values = self.values.remove(name).unwrap_or_default();
        let parts: Vec<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        let parsed: Option<Vec<_>> = parts.iter().map(|part| param.parse_param(part)).collect();
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
