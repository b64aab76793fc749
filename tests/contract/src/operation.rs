//! Description of one route of the API, for the OpenAPI document.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use shared::api::{Confirmation, FromQuery, RequestBody};

use crate::describe;

const JSON_MEDIA_TYPE: &str = "application/json";

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AllowedCallers {
    /// Anyone may call the route, without a token.
    Public,
    /// Every role except `Sender`.
    Read,
    /// Owners, Managers, and keys with the role `Sender`.
    Create,
    /// Owners and managers.
    Write,
    /// Owners.
    Manage,
}

/// One media type that a route accepts as request body, with schema and example.
pub(crate) struct BodyDescription {
    pub media_type: &'static str,
    /// Name of the body's schema under `components/schemas`.
    pub name: &'static str,
    pub schema: Schema,
    pub example: Option<Value>,
}

/// A successful response.
pub(crate) struct SuccessResponse {
    pub status: u16,
    /// `description` of the response in OpenAPI.
    pub wording: &'static str,
    pub media_types: &'static [&'static str],
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub headers: Vec<&'static str>,
    pub example: Option<Value>,
}

/// A route of the API: the types of its requests and responses, and those parts of its OpenAPI description that the
/// types cannot express.
pub(crate) struct ApiOperation {
    /// Method and path template, such as `GET /leads/{id}`.
    pub route: &'static str,
    /// `operationId` in OpenAPI: the operation's name in generated clients.
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub access: AllowedCallers,
    pub parameters: Vec<Value>,
    pub bodies: Vec<BodyDescription>,
    pub success: Option<SuccessResponse>,
    /// Status of a second successful response with the same body, and its `description`.
    pub second_success: Option<(u16, &'static str)>,
    /// Whether the route supports `If-None-Match` and can answer 304.
    pub conditional: bool,
    /// Whether the route also accepts posts of plain HTML forms, which it answers with an HTML page or a 303 redirect.
    pub with_html_form_posts: bool,
    /// Name of the request body's field with the rows of a batch, each of which the API accepts or refuses on its own.
    /// `None` for a body without rows.
    pub rows: Option<&'static str>,
    /// Error responses of the route, each as HTTP status and `message`, except those that many routes share.
    pub refusals: Vec<(u16, &'static str)>,
}

impl ApiOperation {
    pub(crate) fn new(route: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        let access = if route.starts_with("GET ") { AllowedCallers::Read } else { AllowedCallers::Write };
        Self {
            route,
            id,
            tag,
            summary,
            description: "",
            access,
            parameters: Vec::new(),
            bodies: Vec::new(),
            success: None,
            second_success: None,
            conditional: false,
            with_html_form_posts: false,
            rows: None,
            refusals: Vec::new(),
        }
    }

    pub(crate) fn http_method(&self) -> &'static str {
        self.route.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn path_template(&self) -> &'static str {
        self.route.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn with_description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(crate) fn allow_senders(self) -> Self {
        Self { access: AllowedCallers::Create, ..self }
    }

    pub(crate) fn allow_owners_only(self) -> Self {
        Self { access: AllowedCallers::Manage, ..self }
    }

    pub(crate) fn with_query_params<T: FromQuery>(mut self) -> Self {
        self.parameters.extend(describe::query_parameters::<T>());
        self
    }

    pub(crate) fn with_request_header(mut self, name: &str) -> Self {
        self.parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        self
    }

    /// Adds a JSON request body that `T` reads, and the 400 response to an invalid body.
    pub(crate) fn with_json_body<T: RequestBody>(self, name: &'static str) -> Self {
        self.accepts_body(JSON_MEDIA_TYPE, name, describe::body_schema::<T>())
            .answers_error(400, T::INVALID_BODY_MESSAGE)
    }

    pub(crate) fn accepts_body(mut self, media_type: &'static str, name: &'static str, schema: Schema) -> Self {
        self.bodies.push(BodyDescription { media_type, name, schema, example: None });
        self
    }

    /// Sets the example of the request body that was added last. The document then ignores the body of the route's
    /// sample event.
    pub(crate) fn with_body_example(mut self, example: Value) -> Self {
        if let Some(body) = self.bodies.last_mut() {
            body.example = Some(example);
        }
        self
    }

    pub(crate) fn succeeds_with_json<T: JsonSchema>(
        mut self,
        status: u16,
        wording: &'static str,
        example: Value,
    ) -> Self {
        let schema = SchemaGenerator::subschema_for::<T>;
        self.success = Some(SuccessResponse {
            status,
            wording,
            media_types: &[JSON_MEDIA_TYPE],
            schema,
            headers: Vec::new(),
            example: Some(example),
        });
        self
    }

    /// Sets the successful response: 200 with a confirmation and no data.
    pub(crate) fn answers_confirmation(self, wording: &'static str, description: &'static str) -> Self {
        self.succeeds_with_json::<Confirmation>(200, wording, json!({ "message": wording, "description": description }))
    }

    /// Makes the route public, and sets its successful response: 200 with a file that browsers can revalidate by
    /// `ETag`.
    pub(crate) fn answers_public_file(
        self,
        wording: &'static str,
        media_types: &'static [&'static str],
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> Self {
        let file = self.answers_file(wording, media_types, schema).with_response_header("ETag");
        Self { access: AllowedCallers::Public, ..file }.with_request_header("IfNoneMatch").supports_if_none_match()
    }

    /// Sets the successful response: 200 with a file, which has one of `media_types`.
    pub(crate) fn answers_file(
        mut self,
        wording: &'static str,
        media_types: &'static [&'static str],
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> Self {
        let headers = Vec::new();
        self.success = Some(SuccessResponse { status: 200, wording, media_types, schema, headers, example: None });
        self
    }

    /// Makes the route public: anyone may call it without a token.
    pub(crate) fn without_authentication(self) -> Self {
        Self { access: AllowedCallers::Public, ..self }
    }

    /// Declares that the route also accepts posts of plain HTML forms, which it answers with an HTML page or a 303
    /// redirect.
    pub(crate) fn with_html_form_posts(self) -> Self {
        Self { with_html_form_posts: true, ..self }
    }

    /// Declares that `field` of the request body holds the rows of a batch, each of which the API accepts or refuses on
    /// its own.
    pub(crate) fn has_batch_rows(self, field: &'static str) -> Self {
        Self { rows: Some(field), ..self }
    }

    /// Adds a header to the successful response.
    pub(crate) fn with_response_header(mut self, header: &'static str) -> Self {
        if let Some(success) = &mut self.success {
            success.headers.push(header);
        }
        self
    }

    /// Adds a second successful response with another status and the same body.
    pub(crate) fn also_succeeds(self, status: u16, wording: &'static str) -> Self {
        Self { second_success: Some((status, wording)), ..self }
    }

    pub(crate) fn supports_if_none_match(self) -> Self {
        Self { conditional: true, ..self }
    }

    pub(crate) fn answers_error(mut self, status: u16, message: &'static str) -> Self {
        if !self.refusals.contains(&(status, message)) {
            self.refusals.push((status, message));
        }
        self
    }
}
