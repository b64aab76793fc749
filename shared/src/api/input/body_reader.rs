//! Reads the fields of JSON request bodies and reports every bad field at once. The declarations of the fields also
//! generate the schema of the body in the OpenAPI document.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::Schema;
use serde_json::{Map, Value};

use super::validator::Validator;
use crate::domain::{FieldError, ValidationFault};

/// A type that can be read from a JSON request body.
pub trait RequestBody: Sized {
    /// `message` of the 400 response that names the bad fields, for example `Invalid lead data`.
    const INVALID_BODY_MESSAGE: &'static str;

    /// Maximum size of the body in bytes. A description of 10,000 characters fits even if every character is escaped as
    /// `\uXXXX`.
    const MAX_BODY_BYTES: usize = 256 * 1024;

    /// Reads and validates the body. `None` if a field is bad, unless the type itself carries the validation errors.
    /// `body` may also be the recorder of the OpenAPI schema, which has no values.
    fn read_body(body: impl BodyReader) -> Option<Self>;
}

/// Reads a JSON request body. Implemented for a received body, [`JsonBody`](crate::api::JsonBody), and for the
/// recorder that generates the body's schema in the OpenAPI document.
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
        presence: FieldPresence<R::ValidValue>,
    ) -> Option<Option<R::ValidValue>>;

    /// Reads the fields of an optional nested object. With `merged`, `null` instead of the object clears each field of
    /// the object. `None` if the object is absent or bad.
    fn read_nested_object<T>(
        &mut self,
        name: &'static str,
        merged: bool,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T>;

    /// Reads an optional object whose field names the caller chooses, such as `externalIds`. Names and values are
    /// validated by parsing; a bad one is recorded under its dotted name. `None` if the object is absent or bad.
    fn read_map_field<K, V>(&mut self, map: &MapField, null_clears: bool) -> Option<MapChange<K, V>>
    where
        K: FromStr<Err = ValidationFault> + Ord,
        V: FromStr<Err = ValidationFault>;

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
    fn read_required_field<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<R::ValidValue> {
        self.read_field(name, rule, FieldPresence::Required).flatten()
    }

    /// Reads a required field that may be `null`. The outer `None` says that the field is missing or bad, the inner
    /// `None` that it is `null`.
    fn read_nullable_field<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::ValidValue>> {
        self.read_field(name, rule, FieldPresence::Nullable)
    }

    /// Reads an optional field. The outer `None` says that the field is bad, the inner `None` that it is absent or
    /// `null`.
    fn read_optional_field<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::ValidValue>> {
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

/// Declaration of an object whose field names the caller chooses, for [`ObjectReader::read_map_field`].
#[derive(Clone, Copy, Debug)]
pub struct MapField {
    /// Name of the field that holds the object.
    pub name: &'static str,
    /// Maximum number of fields that a request may send in the object.
    pub max: usize,
    /// JSON Schema (2020-12) of a field's name.
    pub name_schema: fn() -> Schema,
    /// JSON Schema (2020-12) of a field's value.
    pub value_schema: fn() -> Schema,
    /// Description of the object in the OpenAPI document.
    pub about: &'static str,
}

/// New values of an object whose field names the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapChange<K, V> {
    /// Whether fields that the request does not name are removed.
    pub removes_others: bool,
    /// New values by name. `None` removes the field.
    pub values: BTreeMap<K, Option<V>>,
}

/// One object of an array that [`ObjectReader::read_array_field`] read, with the validation errors of the object.
#[derive(Clone, Debug)]
pub struct ArrayItem<T> {
    /// The value that was read. `None` if the array element is not an object.
    pub read: Option<T>,
    /// Validation errors of this array element.
    pub faults: Vec<FieldError>,
}
