//! JSON parser that refuses objects with duplicate field names, because parsers disagree on which value counts
//! (<https://www.rfc-editor.org/rfc/rfc8259#section-4>).

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError};

/// Parses a JSON value.
///
/// # Errors
/// 400 with line and column of a syntax error, or with the name of a field that an object has twice.
pub fn parse_json(bytes: &[u8]) -> Result<Value, Error> {
    let duplicate = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = UniqueFieldsVisitor(&duplicate).deserialize(&mut deserializer);
    read.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| {
        let malformed = |code| Error::bad_request(code, "Malformed JSON");
        match duplicate.take() {
            Some(name) => {
                let fault = ErrorCode::DuplicateField.with_message("is given twice");
                malformed(ErrorCode::DuplicateField).with_fields(vec![FieldError::new(name, fault)])
            }
            None => malformed(ErrorCode::MalformedJson).with_description(format!(
                "Not JSON from line {}, column {}.",
                error.line(),
                error.column()
            )),
        }
    })
}

/// Deserializes a JSON value whose objects have no duplicate field names. Fails at the first duplicate, and leaves its
/// name in the `RefCell` for the error message.
#[derive(Clone, Copy)]
struct UniqueFieldsVisitor<'d>(&'d RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for UniqueFieldsVisitor<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueFieldsVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(self)?;
            if read.contains_key(&name) {
                self.0.borrow_mut().get_or_insert(name);
                return Err(A::Error::custom("a field is given twice"));
            }
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn valid_json_is_parsed_unchanged() {
        let text = r#"{"a":[1,-2,2.5,"é",null,true,{"b":{}}],"c":{"a":1}}"#;
        let read = parse_json(text.as_bytes()).unwrap_or_else(|_| unreachable!());
        assert_eq!(read, value!({ "a": [1, -2, 2.5, "é", null, true, { "b": {} }], "c": { "a": 1 } }));
    }

    #[test]
    fn duplicate_fields_and_malformed_json_are_refused() {
        for (text, name) in [(r#"{"a":1,"a":1}"#, "a"), (r#"{"x":[{"b":1,"c":2,"b":3}]}"#, "b")] {
            let error = parse_json(text.as_bytes()).err().unwrap_or_else(|| unreachable!());
            assert_eq!(error.code(), ErrorCode::DuplicateField);
            assert_eq!(error.bad_fields()[0].field, name);
        }
        for text in ["", "{", "{} x", "[1,]", "{\"a\":1,\"a\"}"] {
            let error = parse_json(text.as_bytes()).err().unwrap_or_else(|| unreachable!());
            assert_eq!(error.code(), ErrorCode::MalformedJson, "{text}");
        }
    }
}
