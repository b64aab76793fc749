//! Reads the fields of JSON request bodies and reports every bad field at once. The declarations of the fields also
//! generate the schema of the body in the OpenAPI document.

use serde_json::{Map, Value};

use super::validator::Validator;
use crate::domain::{ErrorCode, FieldError, ValidationFault};

/// A type that can be read from a JSON request body.
pub trait RequestBody: Sized {
    /// `message` of the 400 response that names the bad fields, for example `Invalid lead data`.
    const INVALID_MESSAGE: &'static str;

    /// Maximum size of the body in bytes. A description of 10,000 characters fits even if every character is escaped as
    /// `\uXXXX`.
    const MAX_BODY_BYTES: usize = 256 * 1024;

    /// Reads and validates the body. `None` if a field is bad, unless the type itself carries the validation errors.
    /// `body` may also be the recorder of the OpenAPI schema, which has no values.
    fn read(body: impl BodyReader) -> Option<Self>;
}

/// Reads a JSON request body. Implemented for a received body, [`JsonBody`], and for the recorder that generates the
/// body's schema in the OpenAPI document.
pub trait BodyReader: Sized {
    /// Reader of the fields of one JSON object.
    type ObjectReader: ObjectReader;

    /// Reads the body as one JSON object. Fields in `read_only` are accepted and ignored, so that a client can send a
    /// response back.
    fn read_object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::ObjectReader) -> Option<T>,
    ) -> Option<T>;

    /// Reads the body as one JSON object and returns the validation errors instead of reporting them, so that later
    /// checks can add errors to the same response. `None` if the body is not an object.
    fn read_object_with_errors<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::ObjectReader) -> T,
    ) -> Option<(T, Vec<FieldError>)>;

    /// Reads the body as an array of 1 to `max` JSON objects, or as a single object.
    fn read_objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        read: impl FnMut(&mut Self::ObjectReader) -> Option<T>,
    ) -> Option<Vec<T>>;
}

/// Whether a request must contain a field, and what `null` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldPresence<T> {
    /// The field is required and must not be `null`.
    Required,
    /// The field is required; `null` keeps the stored value.
    Nullable,
    /// The field is optional; an absent field or `null` keeps the stored value.
    Optional,
    /// The field is optional. An absent field keeps the stored value; `null` replaces the stored value by the given one
    /// (RFC 7396). `Clearable(None)` refuses `null`.
    Clearable(Option<T>),
}

/// Reads the fields of one JSON object. For a bad field, the method returns `None` and records a validation error. At
/// the end, every field that was neither read nor declared read-only is recorded as unknown.
pub trait ObjectReader {
    /// Reads and validates a field. `Some(None)` means that the stored value is kept; `None` means that the field is
    /// bad.
    fn read_field<R: Validator>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: FieldPresence<R::Output>,
    ) -> Option<Option<R::Output>>;

    /// Reads the fields of an optional nested object. With `merged`, `null` instead of the object clears each field of
    /// the object. `None` if the object is absent or bad.
    fn read_nested_object<T>(
        &mut self,
        name: &'static str,
        merged: bool,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T>;

    /// Reads a required field that is an array of 1 to [`ArrayField::max`] objects. Every [`ArrayItem`] carries the
    /// validation errors of one object, so that a bad item does not make the body invalid.
    fn read_array_field<T>(
        &mut self,
        items: &ArrayField,
        read: impl FnMut(&mut Self) -> T,
    ) -> Option<Vec<ArrayItem<T>>>;

    /// Accepts unknown fields from now on; [`ObjectReader::take_unknown_fields`] returns them. Used for submissions of
    /// web forms, because a visitor cannot change which fields the page sends.
    fn accept_unknown_fields(&mut self);

    /// Removes and returns the fields that were not read, nested fields under their dotted names. Empty unless
    /// [`ObjectReader::accept_unknown_fields`] was called.
    fn take_unknown_fields(&mut self) -> JsonObject;

    /// Records a validation error for the field `name`.
    fn record_error(&mut self, name: &'static str, fault: ValidationFault);

    /// Reads a required field. `None` if the field is missing or bad.
    fn required<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<R::Output> {
        self.read_field(name, rule, FieldPresence::Required).flatten()
    }

    /// Reads a required field that may be `null`. The outer `None` says that the field is missing or bad, the inner
    /// `None` that it is `null`.
    fn nullable<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Output>> {
        self.read_field(name, rule, FieldPresence::Nullable)
    }

    /// Reads an optional field. The outer `None` says that the field is bad, the inner `None` that it is absent or
    /// `null`.
    fn optional<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Output>> {
        self.read_field(name, rule, FieldPresence::Optional)
    }
}

/// A JSON object.
pub type JsonObject = Map<String, Value>;

/// Returns a mutable reference to a field with a dotted name, as flat formats use: `socialMedia.twitter` is the field
/// `twitter` of the nested object `socialMedia`. Adds a missing object, and a missing field as `null`. If `socialMedia`
/// is not an object, the field's name is the whole dotted text.
pub fn dotted_field_mut<'o>(object: &'o mut JsonObject, name: &str) -> &'o mut Value {
    match name.split_once('.').filter(|(parent, _)| object.get(*parent).is_none_or(Value::is_object)) {
        Some((parent, name)) => &mut object.entry(parent).or_insert_with(|| Value::Object(Map::new()))[name],
        None => object.entry(name).or_insert(Value::Null),
    }
}

/// Declaration of an array field whose objects are validated separately, for [`ObjectReader::read_array_field`].
#[derive(Clone, Copy, Debug)]
pub struct ArrayField {
    /// Name of the array field.
    pub name: &'static str,
    /// Maximum number of objects in the array.
    pub max: usize,
    /// Fields of each object that are accepted and ignored, so that objects from a response can be sent back.
    pub read_only: &'static [&'static str],
    /// Converts the CSV cells of each submitted object to JSON fields. `None` if the objects are not CSV cells.
    pub of_cells: Option<fn(JsonObject) -> JsonObject>,
}

/// One object of an array that [`ObjectReader::read_array_field`] read, with the validation errors of the object.
#[derive(Clone, Debug)]
pub struct ArrayItem<T> {
    /// The value that was read. `None` if the array element is not an object.
    pub read: Option<T>,
    /// Validation errors of this array element.
    pub faults: Vec<FieldError>,
}

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
                Some((read, fields.into_errors(read_only)))
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
    fn into_errors(mut self, read_only: &[&str]) -> Vec<FieldError> {
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
        presence: FieldPresence<R::Output>,
    ) -> Option<Option<R::Output>> {
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
            (_, Some(value)) => rule.validate(value).map(Some),
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
        self.errors.extend(inner.into_errors(&[]));
        Some(read)
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
                ArrayItem { read: Some(read(&mut fields)), faults: fields.into_errors(items.read_only) }
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
