//! Readers of JSON bodies that report every bad field at once. The same declarations read a body and describe it in the
//! contract.

use serde_json::{Map, Value};

use super::validator::Validator;
use crate::domain::{ErrorCode, Fault, FieldError};

/// A type that is read from a JSON body.
pub trait RequestBody: Sized {
    /// `message` of the 400 that names the bad fields.
    const INVALID: &'static str;

    /// Maximum size of the body in bytes. A description of 10,000 characters fits in any escaping.
    const MAX_BODY_BYTES: usize = 256 * 1024;

    /// Reads the body. `None` if a field is bad, or if the body is only being described.
    fn read(body: impl BodyReader) -> Option<Self>;
}

/// A source of fields: a body that was sent, or the recorder that describes bodies for the contract.
pub trait BodyReader: Sized {
    /// Reader of one object.
    type ObjectReader: ObjectReader;

    /// Reads an object. Fields in `read_only` are accepted without effect, so that an answer can be sent back.
    fn object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::ObjectReader) -> Option<T>,
    ) -> Option<T>;

    /// Reads an object and returns its faults instead of reporting them, so that later checks can add theirs to the
    /// same answer.
    fn deferred<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::ObjectReader) -> T,
    ) -> Option<(T, Vec<FieldError>)>;

    /// Reads an array of 1 to `max` objects, or a single object.
    fn objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        read: impl FnMut(&mut Self::ObjectReader) -> Option<T>,
    ) -> Option<Vec<T>>;
}

/// Whether a field is required, and the meaning of `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence<T> {
    /// Required and not `null`.
    Required,
    /// Required; `null` keeps the value.
    Nullable,
    /// Optional; absent or `null` keeps the value.
    Optional,
    /// Optional; absent keeps the value, `null` replaces it by this one (RFC 7396). Without a value here, `null` is
    /// refused.
    Clearable(Option<T>),
}

/// Reader of one object's fields. A bad field gives `None` and is noted as a fault. At the end, fields that nobody read
/// are noted too.
pub trait ObjectReader {
    /// Reads a field. `Some(None)` keeps the value, `None` is a fault.
    fn field<R: Validator>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: Presence<R::Value>,
    ) -> Option<Option<R::Value>>;

    /// Reads the fields of a nested object, which may be absent. With `merged`, `null` clears each of its fields.
    fn nested<T>(&mut self, name: &'static str, merged: bool, read: impl FnOnce(&mut Self) -> T) -> Option<T>;

    /// Reads an array of 1 to `max` objects. Each item keeps its own faults.
    fn items<T>(&mut self, items: &Items, read: impl FnMut(&mut Self) -> T) -> Option<Vec<Item<T>>>;

    /// Accepts unknown fields from now on; [`ObjectReader::take_unknown_fields`] returns them. For forms, whose visitors
    /// cannot change what the page sends.
    fn accept_any(&mut self);

    /// Takes the fields that were not read, nested ones by their dotted names. Empty unless
    /// [`ObjectReader::accept_any`] was called.
    fn take_unknown_fields(&mut self) -> JsonObject;

    /// Notes a fault of a field.
    fn refuse(&mut self, name: &'static str, fault: Fault);

    /// Reads a required field.
    fn required<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<R::Value> {
        self.field(name, rule, Presence::Required).flatten()
    }

    /// Reads a required field that may be `null`.
    fn nullable<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Value>> {
        self.field(name, rule, Presence::Nullable)
    }

    /// Reads a field that may be absent or `null`.
    fn optional<R: Validator>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Value>> {
        self.field(name, rule, Presence::Optional)
    }
}

/// A JSON object.
pub type JsonObject = Map<String, Value>;

/// The field with a dotted name, for flat formats: `socialMedia.twitter` is `twitter` in the object `socialMedia`, which
/// is added if it is missing. Where the first part is another value, the name stands as it is. A missing field is `null`.
pub fn dotted_field<'o>(object: &'o mut JsonObject, name: &str) -> &'o mut Value {
    match name.split_once('.').filter(|(parent, _)| object.get(*parent).is_none_or(Value::is_object)) {
        Some((parent, name)) => &mut object.entry(parent).or_insert_with(|| Value::Object(Map::new()))[name],
        None => object.entry(name).or_insert(Value::Null),
    }
}

/// Description of an array whose items have faults of their own.
#[derive(Clone, Copy, Debug)]
pub struct Items {
    /// The field.
    pub name: &'static str,
    /// Maximum number of items.
    pub max: usize,
    /// Read-only fields of an item, accepted without effect.
    pub read_only: &'static [&'static str],
    /// Converts a submitted object to an item's fields. The contract then also allows an object of texts.
    pub of_cells: Option<fn(JsonObject) -> JsonObject>,
}

/// One item of [`ObjectReader::items`] with its faults.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// The item. `None` if it is no object.
    pub read: Option<T>,
    /// Faults of the item.
    pub faults: Vec<FieldError>,
}

/// A JSON body that was sent.
pub struct JsonBody<'e> {
    /// What it is.
    pub value: Value,
    /// Collects the faults.
    pub errors: &'e mut Vec<FieldError>,
}

impl JsonBody<'_> {
    fn fields(value: Value) -> Result<JsonFields, FieldError> {
        match value {
            Value::Object(object) => {
                Ok(JsonFields { object, parent: None, cleared: false, accepts_any: false, errors: Vec::new() })
            }
            _ => Err(FieldError::new("body", ErrorCode::InvalidType.fault("must be an object"))),
        }
    }
}

impl BodyReader for JsonBody<'_> {
    type ObjectReader = JsonFields;

    fn object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut JsonFields) -> Option<T>,
    ) -> Option<T> {
        let Self { value, errors } = self;
        let (read, found) = JsonBody { value, errors }.deferred(read_only, read)?;
        let valid = found.is_empty();
        errors.extend(found);
        read.filter(|_| valid)
    }

    fn deferred<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut JsonFields) -> T,
    ) -> Option<(T, Vec<FieldError>)> {
        match Self::fields(self.value) {
            Ok(mut fields) => {
                let read = read(&mut fields);
                Some((read, fields.close(read_only)))
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        mut read: impl FnMut(&mut JsonFields) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.value {
            Value::Array(items) => items,
            one => vec![one],
        };
        if items.is_empty() || items.len() > max {
            let fault = ErrorCode::InvalidLength.fault(format!("must have 1 to {max} items"));
            self.errors.push(FieldError::new("body", fault));
            return None;
        }
        let item = |value| JsonBody { value, errors: &mut *self.errors }.object(read_only, &mut read);
        // Every item is read, so that every fault is reported.
        let read: Vec<Option<T>> = items.into_iter().map(item).collect();
        read.into_iter().collect()
    }
}

/// Reads the fields of a JSON object in a request body, and collects the faults.
pub struct JsonFields {
    object: Map<String, Value>,
    /// Name of the field that holds this object.
    parent: Option<&'static str>,
    /// Whether each field reads as `null`.
    cleared: bool,
    /// See [`ObjectReader::accept_any`].
    accepts_any: bool,
    errors: Vec<FieldError>,
}

impl JsonFields {
    fn path(&self, name: &str) -> String {
        self.parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"))
    }

    /// All faults, unread fields included.
    fn close(mut self, read_only: &[&str]) -> Vec<FieldError> {
        let unknown = self.object.keys().filter(|name| !self.accepts_any && !read_only.contains(&name.as_str()));
        let fault = || ErrorCode::UnknownField.fault("is not a field of this request");
        let unknown: Vec<FieldError> = unknown.map(|name| FieldError::new(self.path(name), fault())).collect();
        self.errors.extend(unknown);
        self.errors
    }
}

impl ObjectReader for JsonFields {
    fn field<R: Validator>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: Presence<R::Value>,
    ) -> Option<Option<R::Value>> {
        let value = if self.cleared { Some(Value::Null) } else { self.object.remove(name) };
        let read = match (presence, value) {
            (Presence::Required, None) => Err(ErrorCode::Required.fault("is required")),
            (Presence::Nullable, None) => Err(ErrorCode::Required.fault("is required (null leaves it as it is)")),
            (Presence::Optional | Presence::Clearable(_), None) => Ok(None),
            (Presence::Nullable | Presence::Optional, Some(Value::Null)) => Ok(None),
            (Presence::Clearable(empty), Some(Value::Null)) => {
                empty.map(Some).ok_or_else(|| ErrorCode::CannotBeCleared.fault("cannot be cleared"))
            }
            (_, Some(value)) => rule.read(value).map(Some),
        };
        read.map_err(|fault| self.refuse(name, fault)).ok()
    }

    fn nested<T>(&mut self, name: &'static str, merged: bool, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
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
                self.refuse(name, ErrorCode::InvalidType.fault("must be an object"));
                return None;
            }
        }
        let read = read(&mut inner);
        let rest = inner.take_unknown_fields().into_iter().map(|(field, value)| (format!("{name}.{field}"), value));
        self.object.extend(rest);
        self.errors.extend(inner.close(&[]));
        Some(read)
    }

    fn items<T>(&mut self, items: &Items, mut read: impl FnMut(&mut Self) -> T) -> Option<Vec<Item<T>>> {
        let sent = match self.object.remove(items.name) {
            Some(Value::Array(sent)) if (1..=items.max).contains(&sent.len()) => sent,
            None => {
                self.refuse(items.name, ErrorCode::Required.fault("is required"));
                return None;
            }
            _ => {
                let fault = format!("must be an array of 1 to {} items", items.max);
                self.refuse(items.name, ErrorCode::InvalidLength.fault(fault));
                return None;
            }
        };
        let item = |value| match JsonBody::fields(value) {
            Ok(mut fields) => {
                if let Some(of_cells) = items.of_cells {
                    fields.object = of_cells(fields.object);
                }
                Item { read: Some(read(&mut fields)), faults: fields.close(items.read_only) }
            }
            Err(_) => Item {
                read: None,
                faults: vec![FieldError::new(items.name, ErrorCode::InvalidType.fault("must be an object"))],
            },
        };
        Some(sent.into_iter().map(item).collect())
    }

    fn accept_any(&mut self) {
        self.accepts_any = true;
    }

    fn take_unknown_fields(&mut self) -> JsonObject {
        if self.accepts_any { std::mem::take(&mut self.object) } else { JsonObject::new() }
    }

    fn refuse(&mut self, name: &'static str, fault: Fault) {
        self.errors.push(FieldError::new(self.path(name), fault));
    }
}
