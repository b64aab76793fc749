//! Builds the OpenAPI document of all operations. Examples of request bodies come from the sample events of the routes.
//!
//! # Errors
//! When the route of an operation is missing in `template.yaml`, or its sample event cannot be read.

use std::collections::BTreeMap;

use anyhow::Result;
use local::SamTemplate;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use shared::api::{ErrorBody, Event, Ping};
use shared::domain::{Email, ExternalSystem, LeadId, NamedEnum as _, PhotoName, UpsertResult};

use crate::operation::{AllowedCallers, ApiOperation};
use crate::operations::{OPENAPI_TAGS, WEBHOOKS_TAG, all_operations, example_event};

const API_DESCRIPTION: &str = "\
A serverless lead-management backend.

Send a bearer token, or an API key in its place, with every request. JSON in and out; times are UTC with milliseconds. A bad request is answered with \
every bad field named in `errors`; a field or parameter that is not known is one of them. Text is trimmed, normalised \
(NFC) and counted in characters.";

/// An error response that many routes share: name under `components/responses`, HTTP status, `message`, and
/// explanation.
type SharedErrorResponse = (&'static str, u16, &'static str, &'static str);

/// Error responses that many routes share. The document describes each once, under `components/responses`.
const SHARED_ERROR_RESPONSES: [SharedErrorResponse; 8] = [
    ("Unauthorized", 401, "Unauthorized", "No token was sent."),
    ("AccessDenied", 403, "Access denied", "The token or key does not verify, or its role does not allow this."),
    (
        "Conflict",
        409,
        "Conflict",
        "Other requests kept changing the same data. Nothing was applied; send the request again.",
    ),
    ("PayloadTooLarge", 413, "Payload too large", "The body is larger than this route takes."),
    ("UnsupportedMediaType", 415, "Unsupported media type", "This route does not take the body's media type."),
    ("TooManyRequests", 429, "Too Many Requests", "The API's rate limit is reached."),
    ("InternalServerError", 500, "Internal server error", "A fault of the API. The log names it by `requestId`."),
    (
        "ServiceUnavailable",
        503,
        "Service unavailable",
        "A service that the API depends on is slow or busy. If the outcome of a write is unknown, `description` says so; with an `Idempotency-Key` it is safe to send again.",
    ),
];

/// Builds the OpenAPI document of all operations. Examples of JSON request bodies come from the sample events of the
/// routes in `template.yaml`, unless the operation has an example of its own.
///
/// # Errors
/// When `template.yaml` lacks the route of an operation that needs an example, or the route's sample event cannot be
/// read.
pub fn openapi_document() -> Result<Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    let error = generator.subschema_for::<ErrorBody<'static>>().to_value();
    let mut schemas = Map::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let template = SamTemplate::compiled_in()?;
    for mut operation in all_operations() {
        for body in &mut operation.bodies {
            schemas.insert(body.name.to_owned(), body.schema.clone().to_value());
            if body.media_type == "application/json" && body.example.is_none() {
                body.example = template.sample_body(operation.route)?;
            }
        }
        let method = operation.http_method().to_lowercase();
        paths
            .entry(operation.path_template())
            .or_default()
            .insert(method, operation_object(&operation, &mut generator, &error));
    }
    let webhooks = webhooks_section(&mut generator);
    schemas.extend(generator.take_definitions(true));
    schemas.sort_keys();
    Ok(json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Leads API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": API_DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "externalDocs": { "url": "/docs/api", "description": "The API by example" },
        "servers": [{ "url": "/", "description": "The server that serves this document." }],
        "security": [{ "bearer": [] }],
        "tags": OPENAPI_TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of the issuer, or the secret of an API key (`lk_...`).",
                },
            },
            "parameters": shared_parameters(),
            "headers": shared_headers(),
            "responses": shared_error_responses(&error),
            "schemas": schemas,
        },
    }))
}

/// The document's section `webhooks`: the requests that the sender posts to the endpoints of webhooks.
fn webhooks_section(generator: &mut SchemaGenerator) -> Value {
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": schema });
    let text = || json!({ "type": "string" });
    let parameters = json!([
        header("webhook-id", "The event's `id`. It is the same in every delivery of the event.", text()),
        header("webhook-timestamp", "Time of this attempt, in seconds since 1970.", json!({ "type": "integer" })),
        header(
            "webhook-signature",
            "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in Base64. One for each valid secret, separated by spaces.",
            text(),
        ),
    ]);
    let told = |id: &str, summary: &str, about: &str, schema: Schema, example: Value| {
        json!({ "post": {
            "operationId": id,
            "tags": [WEBHOOKS_TAG],
            "summary": summary,
            "description": about,
            "security": [],
            "parameters": parameters,
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": schema, "example": example } },
            },
            "responses": {
                "2XX": { "description": "The delivery succeeded." },
                "410": { "description": "The endpoint is gone. The webhook is switched off." },
                "default": {
                    "description": "The delivery failed. It is retried after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.",
                    "headers": { "Retry-After": { "description": "The earliest time of the next attempt.", "schema": text() } },
                },
            },
        } })
    };
    const EVENT_DESCRIPTION: &str = "Signed according to Standard Webhooks 1.0.0. Delivered at least once, in no promised order; \
                         the greater `lead.version` is the later state. Any 2xx within 15 seconds is success. \
                         Redirects are not followed.";
    let event = told("onEvent", "An event", EVENT_DESCRIPTION, generator.subschema_for::<Event>(), example_event());
    let about = "Sent on `POST /webhooks/{id}/test`. Signed and delivered as events are.";
    let ping = json!({ "id": "ping_demo_1", "type": "ping", "createdAt": "2023-01-01T00:00:00.000Z" });
    let ping = told("onPing", "A test of the webhook", about, generator.subschema_for::<Ping>(), ping);
    json!({ "event": event, "ping": ping })
}

fn operation_object(operation: &ApiOperation, generator: &mut SchemaGenerator, error: &Value) -> Value {
    let who = match operation.access {
        AllowedCallers::Public | AllowedCallers::Read => "",
        AllowedCallers::Create => "For Owners, Managers, and keys with the role `Sender`.",
        AllowedCallers::Write => "For Owners and Managers.",
        AllowedCallers::Manage => "For Owners.",
    };
    let about: Vec<&str> = [operation.description, who].into_iter().filter(|text| !text.is_empty()).collect();
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
    });
    if !about.is_empty() {
        described["description"] = json!(about.join(" "));
    }
    if operation.access == AllowedCallers::Public {
        described["security"] = json!([]);
    }
    let parameters: Vec<Value> = path_parameters(operation.path_template())
        .into_iter()
        .chain(operation.parameters.clone())
        .chain((operation.http_method() == "POST").then(|| json!({ "$ref": "#/components/parameters/IdempotencyKey" })))
        .collect();
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if !operation.bodies.is_empty() {
        let content = operation.bodies.iter().map(|body| {
            let mut media = json!({ "schema": { "$ref": format!("#/components/schemas/{}", body.name) } });
            if let Some(example) = &body.example {
                media["example"] = example.clone();
            }
            (body.media_type.to_owned(), media)
        });
        described["requestBody"] = json!({ "required": true, "content": content.collect::<Map<_, _>>() });
    }
    described["responses"] = responses_object(operation, generator, error);
    described
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let schema = |name: &str| match name {
        "fileName" => json!({
            "type": "string",
            "minLength": 1,
            "maxLength": PhotoName::MAX_FILE_NAME_CHARS,
            "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
        }),
        "key" => json!({ "type": "string", "minLength": 1, "description": "The public key of a form." }),
        "eventId" => json!({ "type": "string", "minLength": 1, "description": "The `id` of an event." }),
        "system" => json!({
            "type": "string",
            "pattern": ExternalSystem::PATTERN,
            "description": "The name of another system, such as `hubspot`. To read a lead, `email` also works.",
        }),
        "id" if path.contains("{system}") => json!({
            "type": "string",
            "minLength": 1,
            "maxLength": Email::MAX_EMAIL_CHARS,
            "description": "The lead's id in that system, at most 100 characters, or its e-mail address.",
        }),
        "version" | "file" => json!({ "type": "string", "minLength": 1 }),
        _ => LeadId::json_schema(&mut SchemaGenerator::default()).to_value(),
    };
    let parameter = |name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) });
    names.map(parameter).collect()
}

fn responses_object(operation: &ApiOperation, generator: &mut SchemaGenerator, error: &Value) -> Value {
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    if let Some(success) = &operation.success {
        let headers = success.headers.iter().map(|name| {
            ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{}", name.replace('-', "")) }))
        });
        let schema = (success.schema)(generator);
        let mut response = json!({ "description": success.wording });
        if !success.headers.is_empty() {
            response["headers"] = json!(headers.collect::<Map<_, _>>());
        }
        let mut media = json!({ "schema": schema });
        if let Some(example) = &success.example {
            media["example"] = example.clone();
        }
        let content = success.media_types.iter().map(|kind| ((*kind).to_owned(), media.clone()));
        response["content"] = Value::Object(content.collect());
        if let Some((status, wording)) = operation.second_success {
            let mut second = response.clone();
            second["description"] = json!(wording);
            responses.insert(status.to_string(), second);
        }
        responses.insert(success.status.to_string(), response);
    }
    if operation.conditional {
        let headers = json!({ "ETag": { "$ref": "#/components/headers/ETag" } });
        responses.insert(
            "304".into(),
            json!({ "description": "Not modified: the caller has the current answer.", "headers": headers }),
        );
    }
    if operation.with_html_form_posts {
        let headers = json!({ "Location": { "description": "A page.", "schema": { "type": "string" } } });
        responses.insert("303".into(), json!({ "description": "The form's `redirectUrl`, for a browser that posted an HTML form.", "headers": headers }));
    }
    let mut messages: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, message) in &operation.refusals {
        messages.entry(*status).or_default().push(message);
    }
    let public = operation.access == AllowedCallers::Public;
    let invalid = messages.entry(400).or_default();
    if operation.http_method() == "POST" {
        invalid.push("Invalid Idempotency-Key");
    }
    if !operation.bodies.is_empty() {
        invalid.push("Malformed JSON");
    }
    // `Invalid query` is not among the errors of a public file: its route ignores query parameters, because caches add
    // some.
    invalid.push(if public && operation.http_method() == "GET" { "Malformed URL" } else { "Invalid query" });
    for (status, messages) in messages {
        let wordings: Vec<String> = messages.iter().map(|message| format!("`{message}`")).collect();
        let content = error_content(error, &messages);
        let mut response = json!({ "description": wordings.join(", "), "content": content });
        if status == 429 {
            response["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/RetryAfter" } });
        }
        responses.insert(status.to_string(), response);
    }
    for refused in SHARED_ERROR_RESPONSES {
        let (name, status, ..) = refused;
        let may = match status {
            401 | 403 => !public,
            409 => operation.http_method() != "GET",
            413 => operation.http_method() == "POST" || !operation.bodies.is_empty(),
            415 => !operation.bodies.is_empty(),
            _ => true,
        };
        if may {
            let shared = json!({ "$ref": format!("#/components/responses/{name}") });
            let response = if operation.with_html_form_posts { shared_error_response(error, refused) } else { shared };
            responses.entry(status.to_string()).or_insert(response);
        }
    }
    if operation.with_html_form_posts {
        let page = json!({ "schema": { "type": "string", "description": "The same answer as a page, for a caller that accepts `text/html`." } });
        let with_content = responses.values_mut().filter_map(|response| response.get_mut("content")?.as_object_mut());
        with_content.for_each(|content| drop(content.insert("text/html".to_owned(), page.clone())));
    }
    json!(responses)
}

/// `message` of an error response that API Gateway sends itself, without calling a function.
fn gateway_message(status: u16) -> Option<&'static str> {
    match status {
        403 => Some("Forbidden"),
        413 => Some("Request Entity Too Large"),
        500 => Some("Internal Server Error"),
        503 => Some("Service Unavailable"),
        _ => None,
    }
}

/// `content` of an error response in OpenAPI: the schema of the error envelope, with an example for each `message`.
fn error_content(error: &Value, messages: &[&str]) -> Value {
    let example = |message: &&str| (message.to_string(), json!({ "value": { "message": message } }));
    let examples: Map<String, Value> = messages.iter().map(example).collect();
    json!({ "application/json": { "schema": error, "examples": examples } })
}

fn shared_parameters() -> Value {
    let tag = |name: &str, about: &str| json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } });
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same key with the same body within 24 hours returns the first answer again and writes nothing.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        },
        "IfMatch": tag("If-Match", "An `ETag` of the lead. The request is refused with 412 if the lead has changed since."),
        "IfNoneMatch": tag("If-None-Match", "`ETag`s of answers that the caller has. If one is current, the answer is 304."),
    })
}

fn shared_headers() -> Value {
    json!({
        "ETag": {
            "description": "Identifies this representation of the lead, for `If-None-Match` and `If-Match`.",
            "schema": { "type": "string" },
        },
        "ContentLocation": {
            "description": "Path of the lead by its own id, such as `/leads/7`.",
            "schema": { "type": "string" },
        },
        "LeadsResult": {
            "description": "What the request did. `linked`: the lead with the e-mail address got the external id.",
            "schema": { "type": "string", "enum": UpsertResult::all_names() },
        },
        "ContentDisposition": {
            "description": "Suggests a file name.",
            "schema": { "type": "string" },
        },
        "Link": {
            "description": "The URL of the next answer (RFC 8288, `rel=\"next\"`). Absent at the end.",
            "schema": { "type": "string" },
        },
        "RetryAfter": {
            "description": "Seconds to wait before the next try.",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "SearchComplete": {
            "description": "`false` if entries that may match were left unread. Longer or more words find more.",
            "schema": { "type": "string", "const": "false" },
        },
    })
}

fn shared_error_responses(error: &Value) -> Value {
    let response = |refused: SharedErrorResponse| (refused.0.to_owned(), shared_error_response(error, refused));
    Value::Object(SHARED_ERROR_RESPONSES.into_iter().map(response).collect())
}

fn shared_error_response(error: &Value, (_, status, message, about): SharedErrorResponse) -> Value {
    let messages: Vec<&str> = std::iter::once(message).chain(gateway_message(status)).collect();
    let mut response =
        json!({ "description": format!("`{message}`: {about}"), "content": error_content(error, &messages) });
    if matches!(status, 409 | 503) {
        response["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/RetryAfter" } });
    }
    response
}
