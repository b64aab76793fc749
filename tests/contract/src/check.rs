//! Checks requests and responses against the contract.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use jsonschema::{Registry, Validator};
use matchit::Router;
use serde_json::{Map, Value, json};

use crate::openapi_document;
use crate::operations::all_operations;

/// Response headers that the check covers. A response may contain one of them only if the contract lists the header for
/// the response's status.
const CHECKED_RESPONSE_HEADERS: [&str; 5] = ["Content-Disposition", "ETag", "Link", "Retry-After", "Search-Complete"];
/// Response headers that a response may omit although the contract lists them.
const OPTIONAL_HEADERS: [&str; 2] = ["Link", "Search-Complete"];

/// URI under which the OpenAPI document is registered, so that schemas that are compiled one by one can refer to it.
const DOCUMENT_URI: &str = "urn:openapi";

/// The OpenAPI document, compiled to routers and JSON Schema validators.
pub struct CompiledContract {
    methods: HashMap<String, Router<CompiledOperation>>,
}

/// A request and its response.
#[derive(Clone, Copy)]
pub struct HttpExchange<'a> {
    /// HTTP method, such as `GET`.
    pub method: &'a str,
    /// Path of the request, such as `/leads/1`.
    pub path: &'a str,
    /// Query string without `?`, such as `limit=1`.
    pub query: &'a str,
    /// The request's headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The request's body, if it is JSON.
    pub request: Option<&'a Value>,
    /// The status of the response.
    pub status: u16,
    /// Function that says whether the response has the header of this name.
    pub header: &'a dyn Fn(&str) -> bool,
    /// The response's body. A string if it is not JSON, `null` if there is none.
    pub response: &'a Value,
}

struct CompiledOperation {
    parameters: HashMap<String, (Value, Arc<Validator>)>,
    /// Validators of the request headers, by the header's name in lower case.
    headers: HashMap<String, Arc<Validator>>,
    media_types: Vec<String>,
    body: Option<Arc<Validator>>,
    /// Name of the request body's field with the rows of a batch. Rows that the API refused are not checked against the
    /// schema. `None` for a body without rows.
    rows: Option<&'static str>,
    responses: HashMap<u16, CompiledResponse>,
}

struct CompiledResponse {
    headers: Vec<String>,
    /// Values that the contract allows for `message` in this error response. Empty for a successful response.
    messages: Vec<String>,
    body: Option<Arc<Validator>>,
    /// Whether the response may be an HTML page in place of JSON.
    or_page: bool,
}

/// Compiled JSON Schemas of the OpenAPI document. Each schema is compiled once, because most responses share the same
/// schemas.
struct SchemaCompiler<'d> {
    document: &'d Value,
    registry: Registry<'d>,
    compiled: HashMap<String, Arc<Validator>>,
}

impl CompiledContract {
    /// Builds the OpenAPI document and compiles its schemas.
    ///
    /// # Errors
    /// When the OpenAPI document cannot be built, or is not valid.
    pub fn compile_contract() -> Result<Self> {
        let mut document = openapi_document()?;
        for_each_object(&mut document["components"]["schemas"], forbid_unknown_fields);
        for_each_object(&mut document, make_reference_absolute);
        let registry = Registry::new().add(DOCUMENT_URI, &document)?.prepare()?;
        let mut schemas = SchemaCompiler { document: &document, registry, compiled: HashMap::new() };
        let rows: HashMap<&str, &str> =
            all_operations().iter().filter_map(|known| Some((known.id, known.rows?))).collect();
        let mut methods: HashMap<String, Router<CompiledOperation>> = HashMap::new();
        for (path, operations) in document["paths"].as_object().context("no paths")? {
            for (method, operation) in operations.as_object().context("no operations")? {
                let mut compiled = CompiledOperation::compile_operation(&mut schemas, operation)
                    .with_context(|| format!("{method} {path}"))?;
                compiled.rows = rows.get(operation["operationId"].as_str().unwrap_or_default()).copied();
                methods.entry(method.to_uppercase()).or_default().insert(path, compiled)?;
            }
        }
        Ok(Self { methods })
    }

    /// Checks a response against the contract. If the status is below 400, checks the request, too.
    ///
    /// # Errors
    /// When the contract does not allow the response, or does not allow the request that the API accepted.
    pub fn check_exchange(&self, exchange: &HttpExchange<'_>) -> Result<()> {
        let found = self.methods.get(exchange.method).and_then(|paths| paths.at(exchange.path).ok());
        // Requests to unknown routes are not checked: the contract does not describe the 404 of the gateway itself.
        let Some(found) = found else { return Ok(()) };
        // A 404 `Not found` of a function's own router is not checked: the gateway can match a path to a route that the
        // function's router does not match, for example a path with `..`.
        if exchange.status == 404 && exchange.response["message"] == "Not found" {
            return Ok(());
        }
        let operation = found.value;
        let response = operation.responses.get(&exchange.status).context("the status is not in the contract")?;
        match &response.body {
            Some(_) if response.or_page && exchange.response.is_string() => {}
            Some(body) => ensure_valid(body, exchange.response).context("the response")?,
            None => ensure!(exchange.response.is_null(), "the response has a body"),
        }
        if let Some(message) = exchange.response["message"].as_str().filter(|_| exchange.status >= 400) {
            ensure!(response.messages.iter().any(|known| known == message), "{message:?} is not in the contract");
        }
        for name in CHECKED_RESPONSE_HEADERS {
            let (declared, sent) = (response.headers.iter().any(|known| known == name), (exchange.header)(name));
            ensure!(declared || !sent, "the header {name} is not in the contract");
            ensure!(sent || !declared || OPTIONAL_HEADERS.contains(&name), "the header {name} is missing");
        }
        if exchange.status < 400 {
            operation.check_request(exchange).context("the request, which was accepted")?;
        }
        Ok(())
    }
}

impl<'d> SchemaCompiler<'d> {
    fn validator_for(&mut self, schema: &Value) -> Result<Arc<Validator>> {
        let text = schema.to_string();
        if let Some(known) = self.compiled.get(&text) {
            return Ok(Arc::clone(known));
        }
        let validator = Arc::new(jsonschema::draft202012::options().with_registry(&self.registry).build(schema)?);
        self.compiled.insert(text, Arc::clone(&validator));
        Ok(validator)
    }

    fn resolve_reference(&self, value: &'d Value) -> Result<&'d Value> {
        let Some(reference) = value["$ref"].as_str() else { return Ok(value) };
        let found = reference.split_once('#').and_then(|(_, pointer)| self.document.pointer(pointer));
        found.with_context(|| format!("no {reference}"))
    }
}

impl CompiledOperation {
    fn compile_operation(schemas: &mut SchemaCompiler<'_>, operation: &Value) -> Result<Self> {
        let (mut parameters, mut headers) = (HashMap::new(), HashMap::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = schemas.resolve_reference(parameter)?;
            let name = parameter["name"].as_str().context("a parameter without a name")?.to_owned();
            let schema = parameter["schema"].clone();
            let validator = schemas.validator_for(&schema)?;
            if parameter["in"] == "query" {
                parameters.insert(name, (schema, validator));
            } else if parameter["in"] == "header" {
                headers.insert(name.to_lowercase(), validator);
            }
        }
        let content = &operation["requestBody"]["content"];
        let media_types = content.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let body = &content["application/json"]["schema"];
        let body = if body.is_null() { None } else { Some(schemas.validator_for(body)?) };
        let mut responses = HashMap::new();
        for (status, response) in operation["responses"].as_object().context("no responses")? {
            let response = schemas.resolve_reference(response)?;
            let media = response["content"].as_object().and_then(|content| content.values().next());
            let body = media.map(|media| schemas.validator_for(&media["schema"])).transpose()?;
            let names = |of: &Value| of.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            let headers: Vec<String> = names(&response["headers"]);
            let messages = names(&response["content"]["application/json"]["examples"]);
            let or_page =
                response["content"].get("text/html").is_some() && response["content"].get("application/json").is_some();
            responses.insert(status.parse()?, CompiledResponse { headers, messages, body, or_page });
        }
        Ok(Self { parameters, headers, media_types, body, rows: None, responses })
    }

    fn check_request(&self, exchange: &HttpExchange<'_>) -> Result<()> {
        let mut values: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(exchange.query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.trim().to_owned());
        }
        for (name, values) in values {
            let (schema, validator) = self.parameters.get(&name).with_context(|| format!("an unknown {name}"))?;
            let value = match schema["type"].as_str() {
                Some("array") => {
                    let items = values.iter().flat_map(|value| value.split(','));
                    items.map(|item| json_value_of_text(&schema["items"], item.trim())).collect()
                }
                _ => json_value_of_text(schema, &values.join(",")),
            };
            ensure_valid(validator, &value).with_context(|| name.clone())?;
        }
        for (name, value) in exchange.headers {
            if let Some(validator) = self.headers.get(&name.to_lowercase()) {
                ensure_valid(validator, &json!(value)).with_context(|| (*name).to_owned())?;
            } else if name.eq_ignore_ascii_case("content-type") && !self.media_types.is_empty() {
                let kind = value.split(';').next().unwrap_or_default().trim().to_lowercase();
                let known = self.media_types.contains(&kind) || kind.ends_with("+json");
                ensure!(known, "the media type {kind} is not in the contract");
            }
        }
        match (&self.body, exchange.request) {
            (Some(validator), Some(body)) => match self.accepted_body(exchange, body) {
                Some(body) => ensure_valid(validator, &body),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl CompiledOperation {
    /// Returns the part of the request body that the API accepted: the body without the batch rows whose result is
    /// `failed`. `None` if the API accepted nothing of the body.
    fn accepted_body(&self, exchange: &HttpExchange<'_>, body: &Value) -> Option<Value> {
        // If the honeypot field (`_gotcha`) of a submission is not empty, the API answers with success, whatever else
        // the body contains.
        if body.get("_gotcha").is_some_and(|filled| *filled != json!("")) {
            return None;
        }
        let mut body = body.clone();
        if let Some(rows) = self.rows.and_then(|name| body[name].as_array_mut()) {
            let mut results = exchange.response["results"].as_array().into_iter().flatten();
            rows.retain(|_| results.next().is_some_and(|row| row["result"] != "failed"));
            if rows.is_empty() {
                return None;
            }
        }
        Some(body)
    }
}

/// Converts the text of a query parameter to the JSON type that the parameter's schema names.
fn json_value_of_text(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer") => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        Some("boolean") => text.parse::<bool>().map_or_else(|_| json!(text), |flag| json!(flag)),
        _ => json!(text),
    }
}

fn ensure_valid(validator: &Validator, value: &Value) -> Result<()> {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}

/// Applies `change` to every JSON object in `value`, at any depth, and to `value` itself if it is an object.
fn for_each_object(value: &mut Value, change: fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| for_each_object(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_object(item, change)),
        _ => {}
    }
}

/// Makes the `$ref` of a JSON object absolute, so that a schema can be compiled separately from the OpenAPI document.
fn make_reference_absolute(object: &mut Map<String, Value>) {
    if let Some(Value::String(reference)) = object.get_mut("$ref") {
        reference.insert_str(0, DOCUMENT_URI);
    }
}

/// Sets `additionalProperties: false` in an object's schema, so that tests find response fields that the contract does
/// not name. Clients should ignore unknown fields.
fn forbid_unknown_fields(schema: &mut Map<String, Value>) {
    if schema.get("properties").is_some_and(Value::is_object) && schema.get("type") == Some(&json!("object")) {
        schema.entry("additionalProperties").or_insert(json!(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_the_contract_does_not_describe_is_refused() -> Result<()> {
        let contract = CompiledContract::compile_contract()?;
        let checked = |target: &str, status: u16, headers: &[&str], response: &Value| {
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let header = &|name: &str| headers.contains(&name);
            contract.check_exchange(&HttpExchange {
                method: "GET",
                path,
                query,
                headers: &[],
                request: None,
                status,
                header,
                response,
            })
        };
        let business = json!({ "id": 1, "name": "Business Name" });
        let list = |business: &Value| json!({ "count": 1, "businesses": [business] });
        assert!(checked("/businesses", 200, &[], &list(&business)).is_ok());
        assert!(checked("/nowhere", 404, &[], &json!({ "message": "Not Found" })).is_ok());
        let refused = [
            ("a parameter", "/businesses?limit=1", 200, &[][..], list(&business)),
            ("a status", "/businesses", 404, &[], json!({ "message": "Lead not found" })),
            ("a message", "/businesses", 400, &[], json!({ "message": "Lead not found" })),
            ("a header", "/businesses", 200, &["ETag"], list(&business)),
            ("a missing header", "/businesses", 503, &[], json!({ "message": "Service unavailable" })),
            ("a field", "/businesses", 200, &[], list(&json!({ "id": 1, "name": "x", "more": 1 }))),
            ("a missing field", "/businesses", 200, &[], list(&json!({ "id": 1 }))),
            ("a limit", "/leads?limit=101", 200, &[], json!({ "count": 0, "leads": [] })),
        ];
        for (what, target, status, headers, response) in refused {
            assert!(checked(target, status, headers, &response).is_err(), "{what}");
        }
        Ok(())
    }
}
