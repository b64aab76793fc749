//! Derives JSON Schemas and OpenAPI parameters from the code that reads request bodies and query strings: recorders
//! take the place of the readers and record each field or parameter that the code asks for.

use std::str::FromStr;

use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use shared::api::{
    ArrayField, ArrayItem, BodyReader, FieldPresence, FromQuery, JsonObject, MAX_FILTER_VALUES, MapChange, MapField,
    ObjectReader, PositiveIntegerValidator, QueryParam, QueryReader, RequestBody, Validator,
    positive_integer_validator,
};
use shared::domain::{FieldError, ValidationFault};

/// Returns the JSON Schema of the request body that `T` reads.
pub(crate) fn body_schema<T: RequestBody>() -> Schema {
    let mut schema = Schema::default();
    T::read_body(BodyRecorder(&mut schema));
    schema
}

/// Returns the OpenAPI parameters of the query string that `T` reads.
pub(crate) fn query_parameters<T: FromQuery>() -> Vec<Value> {
    let mut parameters = QueryParameterCollector::default();
    T::read_from_query(&mut parameters);
    parameters.0
}

/// A [`BodyReader`] that reads nothing and records the JSON Schema of the request body.
struct BodyRecorder<'s>(&'s mut Schema);

impl BodyRecorder<'_> {
    fn record_object<T>(self, read_only: &[&'static str], read: impl FnOnce(&mut FieldsRecorder) -> T) -> T {
        let mut fields = FieldsRecorder::default();
        let read = read(&mut fields);
        for name in read_only {
            let ignored =
                json!({ "description": "Read-only: accepted without effect, so that an answer can be sent back." });
            fields.properties.insert((*name).to_owned(), ignored);
        }
        *self.0 = fields.into_object_schema();
        read
    }
}

impl BodyReader for BodyRecorder<'_> {
    type ObjectReader = FieldsRecorder;

    fn read_object<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut FieldsRecorder) -> Option<T>,
    ) -> Option<T> {
        self.record_object(read_only, read)
    }

    fn read_object_with_errors<T>(
        self,
        read_only: &'static [&'static str],
        read: impl FnOnce(&mut FieldsRecorder) -> T,
    ) -> Option<(T, Vec<FieldError>)> {
        Some((self.record_object(read_only, read), Vec::new()))
    }

    fn read_objects<T>(
        self,
        max: usize,
        read_only: &'static [&'static str],
        read: impl FnMut(&mut FieldsRecorder) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut item = Schema::default();
        BodyRecorder(&mut item).record_object(read_only, read);
        *self.0 = json_schema!({
            "anyOf": [{ "type": "array", "items": item.clone(), "minItems": 1, "maxItems": max }, item],
        });
        None
    }
}

/// An [`ObjectReader`] that reads nothing and records the JSON Schema of each field that is asked for.
#[derive(Default)]
struct FieldsRecorder {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    accepts_any: bool,
}

impl FieldsRecorder {
    fn into_object_schema(self) -> Schema {
        let mut schema = json_schema!({ "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            schema.insert("required".into(), json!(self.required));
        }
        schema.insert("additionalProperties".into(), json!(self.accepts_any));
        schema
    }
}

impl ObjectReader for FieldsRecorder {
    fn read_field<R: Validator>(
        &mut self,
        name: &'static str,
        rule: &R,
        presence: FieldPresence<R::ValidValue>,
    ) -> Option<Option<R::ValidValue>> {
        let (required, null) = match presence {
            FieldPresence::Required => (true, None),
            FieldPresence::Nullable => (true, Some("`null` leaves it as it is.")),
            FieldPresence::Optional => (false, Some("`null` is as if it were not there.")),
            FieldPresence::Clearable(Some(_)) => (false, Some("`null` clears it.")),
            FieldPresence::Clearable(None) => (false, None),
        };
        if required {
            self.required.push(name);
        }
        // If the code that reads a body asks for a field twice, the schema of the first call is kept.
        if !self.properties.contains_key(name) {
            let schema = rule.value_schema().to_value();
            self.properties.insert(name.to_owned(), null.map_or(schema.clone(), |meaning| or_null(schema, meaning)));
        }
        None
    }

    fn read_nested_object<T>(
        &mut self,
        name: &'static str,
        merged: bool,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let mut inner = Self { accepts_any: self.accepts_any, ..Self::default() };
        read(&mut inner);
        let meaning = if merged { "`null` clears each field." } else { "`null` is as if it were not there." };
        self.properties.insert(name.to_owned(), or_null(inner.into_object_schema().to_value(), meaning));
        None
    }

    fn read_map_field<K, V>(&mut self, map: &MapField, null_clears: bool) -> Option<MapChange<K, V>>
    where
        K: FromStr<Err = ValidationFault> + Ord,
        V: FromStr<Err = ValidationFault>,
    {
        let (all, one) = match null_clears {
            true => ("`null` removes all.", "`null` removes it."),
            false => ("`null` is as if it were not there.", "`null` leaves it as it is."),
        };
        let schema = json!({
            "type": "object",
            "propertyNames": (map.name_schema)(),
            "additionalProperties": or_null((map.value_schema)().to_value(), one),
            "maxProperties": map.max,
            "description": map.about,
        });
        self.properties.insert(map.name.to_owned(), or_null(schema, all));
        None
    }

    fn read_array_field<T>(
        &mut self,
        items: &ArrayField,
        read: impl FnMut(&mut Self) -> T,
    ) -> Option<Vec<ArrayItem<T>>> {
        let mut item = Schema::default();
        BodyRecorder(&mut item).record_object(items.read_only, read);
        let cells = json!({
            "type": "object",
            "additionalProperties": { "type": "string" },
            "description": "With `format` `csv`: the cells of an exported lead, by column name.",
        });
        let each = json!({ "anyOf": [item, cells] });
        let array = json!({ "type": "array", "minItems": 1, "maxItems": items.max, "items": each });
        self.properties.insert(items.name.to_owned(), array);
        self.required.push(items.name);
        None
    }

    fn accept_unknown_fields(&mut self) {
        self.accepts_any = true;
    }

    fn take_unknown_fields(&mut self) -> JsonObject {
        JsonObject::new()
    }

    fn record_error(&mut self, _: &'static str, _: ValidationFault) {}
}

/// Allows `null` in a schema, and appends the meaning of `null` to the schema's description.
fn or_null(mut schema: Value, meaning: &str) -> Value {
    if let Some(kind) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
        if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            names.push(Value::Null);
        }
    } else {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
    let about = schema.get("description").and_then(Value::as_str).map(|about| format!("{about} {meaning}"));
    schema["description"] = json!(about.as_deref().unwrap_or(meaning));
    schema
}

/// A [`QueryReader`] that reads nothing and records the OpenAPI parameters that are asked for.
#[derive(Default)]
struct QueryParameterCollector(Vec<Value>);

impl QueryParameterCollector {
    fn add_parameter(&mut self, name: &str, mut schema: Value) {
        let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        self.0.push(json!({ "name": name, "in": "query", "description": about, "schema": schema }));
    }
}

impl QueryReader for QueryParameterCollector {
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::ParamValue> {
        self.add_parameter(name, param.param_schema().to_value());
        None
    }

    fn read_id_list<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T> {
        const ID: PositiveIntegerValidator<u64> = positive_integer_validator();
        self.add_parameter(
            name,
            json!({
                "type": "array",
                "items": ID.value_schema(),
                "maxItems": MAX_FILTER_VALUES,
                "description": format!("{about} Repeated or comma-separated."),
            }),
        );
        Vec::new()
    }

    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::ParamValue> {
        let mut items = param.param_schema().to_value();
        let about = items.as_object_mut().and_then(|items| items.remove("description"));
        let about = about.as_ref().and_then(Value::as_str).unwrap_or_default();
        self.add_parameter(
            name,
            json!({
                "type": "array",
                "items": items,
                "maxItems": MAX_FILTER_VALUES,
                "description": format!("{about} Repeated or comma-separated."),
            }),
        );
        Vec::new()
    }

    fn record_error(&mut self, _: &'static str, _: ValidationFault) {}
}
