//! Bodies, read so that one answer names every bad field, not the first (spec section 2). What reads a body says no more
//! than what it is made of, so that the contract is written by the same code.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rule::Rule;
use super::{ErrorCode, Fault};

/// One entry of an error's `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldError {
    /// The field or query parameter, as the caller wrote it; `socialMedia.youtube` when nested.
    pub field: String,
    /// The cause.
    #[serde(default = "of_an_earlier_release")]
    #[schemars(!default)]
    pub code: ErrorCode,
    /// What is wrong with it, for people.
    pub message: String,
}

/// Answers to rows of a batch are kept for 24 hours; they had no codes.
fn of_an_earlier_release() -> ErrorCode {
    ErrorCode::InvalidValue
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self { field: field.into(), code: fault.code, message: fault.message.into_owned() }
    }
}

/// What a JSON body can say.
pub trait Input: Sized {
    /// The `message` of the 400 that names the bad fields.
    const INVALID: &'static str;

    /// The largest body, in bytes: a description of 10,000 characters fits however it is escaped.
    const LIMIT: usize = 256 * 1024;

    /// `None` exactly when something is wrong, or when the body is described and there is nothing to read.
    fn read(body: impl Body) -> Option<Self>;
}

/// A body: one that was sent, or the description of all that can be.
pub trait Body: Sized {
    /// What its objects are made of.
    type Fields: Fields;

    /// An object. The fields of `read_only` may be there and have no effect: a read of the same thing gives them.
    fn object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::Fields) -> Option<T>,
    ) -> Option<T>;

    /// The same, with what is wrong given and not yet told: one answer names it with what else is found out.
    fn deferred<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut Self::Fields) -> T,
    ) -> Option<(T, Vec<FieldError>)>;

    /// An array of 1 to `max` objects, or one object.
    fn objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        read: impl FnMut(&mut Self::Fields) -> Option<T>,
    ) -> Option<Vec<T>>;
}

/// Whether a field must be there, and what `null` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence<T> {
    /// It must be there, and not be `null`.
    Required,
    /// It must be there; `null` leaves it as it is.
    Nullable,
    /// It may be missing or `null`, which leaves it as it is.
    Optional,
    /// It may be missing, which leaves it as it is; `null` clears it (RFC 7396), where something is left then.
    Merged(Option<T>),
}

/// The fields of one object. Each gives `None` after noting what is wrong with it, and what nobody asked for is noted in
/// the end.
pub trait Fields {
    /// A field's new value, `Some(None)` where it is left as it is.
    fn field<R: Rule>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: Presence<R::Value>,
    ) -> Option<Option<R::Value>>;

    /// The fields of an object inside this one, which may be missing; with `merged`, `null` clears each of them.
    fn nested<T>(&mut self, name: &'static str, merged: bool, read: impl FnOnce(&mut Self) -> T) -> Option<T>;

    /// The items of an array of 1 to `max` objects, each with what is wrong with it: that is told of the item alone.
    fn items<T>(&mut self, items: &Items, read: impl FnMut(&mut Self) -> T) -> Option<Vec<Item<T>>>;

    /// From now on a field that no rule reads is no fault: [`Fields::rest`] gives it. Of a sender who cannot fix what is sent.
    fn accept_any(&mut self);

    /// The fields that no rule has read, those inside another object by their dotted names.
    fn rest(&mut self) -> JsonObject;

    /// Notes what is wrong with a field.
    fn refuse(&mut self, name: &'static str, fault: Fault);

    /// A field that must be there.
    fn required<R: Rule>(&mut self, name: &'static str, rule: &R) -> Option<R::Value> {
        self.field(name, rule, Presence::Required).flatten()
    }

    /// A field that must be there and may be `null`.
    fn nullable<R: Rule>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Value>> {
        self.field(name, rule, Presence::Nullable)
    }

    /// A field that may be missing or `null`.
    fn optional<R: Rule>(&mut self, name: &'static str, rule: &R) -> Option<Option<R::Value>> {
        self.field(name, rule, Presence::Optional)
    }
}

/// What a JSON object says.
pub type JsonObject = Map<String, Value>;

/// An array whose items are judged one by one.
#[derive(Clone, Copy, Debug)]
pub struct Items {
    /// The field.
    pub name: &'static str,
    /// How many there may be.
    pub max: usize,
    /// Fields of an item that have no effect.
    pub read_only: &'static [&'static str],
    /// What makes an item of one that was sent; in the contract, an item may be an object of texts then.
    pub of_cells: Option<fn(JsonObject) -> JsonObject>,
}

/// An item of [`Fields::items`], and what is wrong with it; `None` when it is no object.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// What it says.
    pub read: Option<T>,
    /// What is wrong with it.
    pub faults: Vec<FieldError>,
}

/// A body that was sent.
pub struct JsonBody<'e> {
    /// What it is.
    pub value: Value,
    /// Takes what is wrong with it.
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

impl Body for JsonBody<'_> {
    type Fields = JsonFields;

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
        // Each is read, so that each is told of.
        let read: Vec<Option<T>> = items.into_iter().map(item).collect();
        read.into_iter().collect()
    }
}

/// The fields of an object that was sent.
pub struct JsonFields {
    object: Map<String, Value>,
    /// The field of the object around this one.
    parent: Option<&'static str>,
    /// Whether each field is as if it were `null`.
    cleared: bool,
    /// See [`Fields::accept_any`].
    accepts_any: bool,
    errors: Vec<FieldError>,
}

impl JsonFields {
    fn path(&self, name: &str) -> String {
        self.parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"))
    }

    /// Everything that is wrong, each field that nobody read included.
    fn close(mut self, read_only: &[&str]) -> Vec<FieldError> {
        let unknown = self.object.keys().filter(|name| !self.accepts_any && !read_only.contains(&name.as_str()));
        let fault = || ErrorCode::UnknownField.fault("is not a field of this request");
        let unknown: Vec<FieldError> = unknown.map(|name| FieldError::new(self.path(name), fault())).collect();
        self.errors.extend(unknown);
        self.errors
    }
}

impl Fields for JsonFields {
    fn field<R: Rule>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: Presence<R::Value>,
    ) -> Option<Option<R::Value>> {
        let value = if self.cleared { Some(Value::Null) } else { self.object.remove(name) };
        let read = match (presence, value) {
            (Presence::Required, None) => Err(ErrorCode::Required.fault("is required")),
            (Presence::Nullable, None) => Err(ErrorCode::Required.fault("is required (null leaves it as it is)")),
            (Presence::Optional | Presence::Merged(_), None) => Ok(None),
            (Presence::Nullable | Presence::Optional, Some(Value::Null)) => Ok(None),
            (Presence::Merged(empty), Some(Value::Null)) => {
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
        let rest = inner.rest().into_iter().map(|(field, value)| (format!("{name}.{field}"), value));
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

    fn rest(&mut self) -> JsonObject {
        if self.accepts_any { std::mem::take(&mut self.object) } else { JsonObject::new() }
    }

    fn refuse(&mut self, name: &'static str, fault: Fault) {
        self.errors.push(FieldError::new(self.path(name), fault));
    }
}
