//! Reads received JSON bodies and collects their validation errors.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::body_reader::{
    ArrayField, ArrayItem, BodyReader, FieldPresence, JsonObject, MapChange, MapField, ObjectReader,
};
use super::validator::Validator;
use crate::domain::{ErrorCode, FieldError, ValidationFault};

/// A received JSON request body.
pub struct JsonBody<'e> {
    /// The parsed JSON.
    pub value: Value,
    /// Collects the validation errors of the body.
    pub errors: &'e mut Vec<FieldError>,
}

impl JsonBody<'_> {
    fn object_fields_reader(value: Value) -> Result<JsonObjectReader, FieldError> {
        match value {
            Value::Object(object) => {
                Ok(JsonObjectReader { object, parent: None, cleared: false, accepts_any: false, errors: Vec::new() })
            }
            _ => Err(FieldError::new("body", ErrorCode::InvalidType.with_message("must be an object"))),
        }
    }
}

impl BodyReader for JsonBody<'_> {
    type ObjectReader = JsonObjectReader;

    fn read_object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut JsonObjectReader) -> Option<T>,
    ) -> Option<T> {
        let Self { value, errors } = self;
        let (read, found) = JsonBody { value, errors }.read_object_with_errors(read_only, read)?;
        let valid = found.is_empty();
        errors.extend(found);
        read.filter(|_| valid)
    }

    fn read_object_with_errors<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut JsonObjectReader) -> T,
    ) -> Option<(T, Vec<FieldError>)> {
        match Self::object_fields_reader(self.value) {
            Ok(mut fields) => {
                let read = read(&mut fields);
                Some((read, fields.into_field_errors(read_only)))
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn read_objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        mut read: impl FnMut(&mut JsonObjectReader) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.value {
            Value::Array(items) => items,
            one => vec![one],
        };
        if items.is_empty() || items.len() > max {
            let fault = ErrorCode::InvalidLength.with_message(format!("must have 1 to {max} items"));
            self.errors.push(FieldError::new("body", fault));
            return None;
        }
        let item = |value| JsonBody { value, errors: &mut *self.errors }.read_object(read_only, &mut read);
        // Every object is read before the result is decided, so that the errors of all objects are reported.
        let read: Vec<Option<T>> = items.into_iter().map(item).collect();
        read.into_iter().collect()
    }
}

/// Reads the fields of a JSON object in a request body, and collects the validation errors.
pub struct JsonObjectReader {
    object: Map<String, Value>,
    /// Name of the field that contains this object. `None` unless this object is nested in another object.
    parent: Option<&'static str>,
    /// Whether each field reads as `null`, because the request has `null` instead of this nested object.
    cleared: bool,
    /// Whether unknown fields are accepted, see [`ObjectReader::accept_unknown_fields`].
    accepts_any: bool,
    errors: Vec<FieldError>,
}

impl JsonObjectReader {
    fn dotted_name(&self, name: &str) -> String {
        self.parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"))
    }

    /// Returns all validation errors. Each field that was not read and is not in `read_only` adds an error, unless
    /// unknown fields are accepted.
    fn into_field_errors(mut self, read_only: &[&str]) -> Vec<FieldError> {
        let unknown = self.object.keys().filter(|name| !self.accepts_any && !read_only.contains(&name.as_str()));
        let fault = || ErrorCode::UnknownField.with_message("is not a field of this request");
        let unknown: Vec<FieldError> = unknown.map(|name| FieldError::new(self.dotted_name(name), fault())).collect();
        self.errors.extend(unknown);
        self.errors
    }
}

impl ObjectReader for JsonObjectReader {
    fn read_field<R: Validator>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: FieldPresence<R::ValidValue>,
    ) -> Option<Option<R::ValidValue>> {
        let value = if self.cleared { Some(Value::Null) } else { self.object.remove(name) };
        let read = match (presence, value) {
            (FieldPresence::Required, None) => Err(ErrorCode::Required.with_message("is required")),
            (FieldPresence::Nullable, None) => {
                Err(ErrorCode::Required.with_message("is required (null leaves it as it is)"))
            }
            (FieldPresence::Optional | FieldPresence::Clearable(_), None) => Ok(None),
            (FieldPresence::Nullable | FieldPresence::Optional, Some(Value::Null)) => Ok(None),
            (FieldPresence::Clearable(empty), Some(Value::Null)) => {
                empty.map(Some).ok_or_else(|| ErrorCode::CannotBeCleared.with_message("cannot be cleared"))
            }
            (_, Some(value)) => rule.validate_value(value).map(Some),
        };
        read.map_err(|fault| self.record_error(name, fault)).ok()
    }

    fn read_nested_object<T>(
        &mut self,
        name: &'static str,
        merged: bool,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let accepts_any = self.accepts_any;
        let mut inner =
            Self { object: Map::new(), parent: Some(name), cleared: false, accepts_any, errors: Vec::new() };
        match self.object.remove(name) {
            None => return None,
            Some(Value::Null) if merged => inner.cleared = true,
            Some(Value::Null) => return None,
            Some(Value::Object(object)) => inner.object = object,
            Some(other) if accepts_any => {
                self.object.insert(name.to_owned(), other);
                return None;
            }
            Some(_) => {
                self.record_error(name, ErrorCode::InvalidType.with_message("must be an object"));
                return None;
            }
        }
        let read = read(&mut inner);
        let rest = inner.take_unknown_fields().into_iter().map(|(field, value)| (format!("{name}.{field}"), value));
        self.object.extend(rest);
        self.errors.extend(inner.into_field_errors(&[]));
        Some(read)
    }

    fn read_map_field<K, V>(&mut self, map: &MapField, null_clears: bool) -> Option<MapChange<K, V>>
    where
        K: FromStr<Err = ValidationFault> + Ord,
        V: FromStr<Err = ValidationFault>,
    {
        let mut change = MapChange { removes_others: false, values: BTreeMap::new() };
        let sent = match self.object.remove(map.name) {
            None => return None,
            Some(Value::Null) => {
                change.removes_others = null_clears;
                return Some(change);
            }
            Some(Value::Object(sent)) => sent,
            Some(_) => {
                self.record_error(map.name, ErrorCode::InvalidType.with_message("must be an object"));
                return None;
            }
        };
        if sent.len() > map.max {
            let fault = format!("must have at most {} fields", map.max);
            self.record_error(map.name, ErrorCode::InvalidLength.with_message(fault));
            return None;
        }
        for (name, value) in sent {
            let value = match value {
                Value::Null => Ok(null_clears.then_some(None)),
                Value::String(text) => text.parse().map(|value| Some(Some(value))),
                _ => Err(ErrorCode::InvalidType.with_message("must be a string")),
            };
            match name.parse::<K>().and_then(|name| Ok((name, value?))) {
                Ok((name, Some(value))) => drop(change.values.insert(name, value)),
                // Outside of a merge patch, `null` keeps the stored value.
                Ok((_, None)) => {}
                Err(fault) => self.errors.push(FieldError::new(format!("{}.{name}", map.name), fault)),
            }
        }
        Some(change)
    }

    fn read_array_field<T>(
        &mut self,
        items: &ArrayField,
        mut read: impl FnMut(&mut Self) -> T,
    ) -> Option<Vec<ArrayItem<T>>> {
        let sent = match self.object.remove(items.name) {
            Some(Value::Array(sent)) if (1..=items.max).contains(&sent.len()) => sent,
            None => {
                self.record_error(items.name, ErrorCode::Required.with_message("is required"));
                return None;
            }
            _ => {
                let fault = format!("must be an array of 1 to {} items", items.max);
                self.record_error(items.name, ErrorCode::InvalidLength.with_message(fault));
                return None;
            }
        };
        let item = |value| match JsonBody::object_fields_reader(value) {
            Ok(mut fields) => {
                if let Some(of_cells) = items.of_cells {
                    fields.object = of_cells(fields.object);
                }
                ArrayItem { read: Some(read(&mut fields)), faults: fields.into_field_errors(items.read_only) }
            }
            Err(_) => ArrayItem {
                read: None,
                faults: vec![FieldError::new(items.name, ErrorCode::InvalidType.with_message("must be an object"))],
            },
        };
        Some(sent.into_iter().map(item).collect())
    }

    fn accept_unknown_fields(&mut self) {
        self.accepts_any = true;
    }

    fn take_unknown_fields(&mut self) -> JsonObject {
        if self.accepts_any { std::mem::take(&mut self.object) } else { JsonObject::new() }
    }

    fn record_error(&mut self, name: &'static str, fault: ValidationFault) {
        self.errors.push(FieldError::new(self.dotted_name(name), fault));
    }
}
