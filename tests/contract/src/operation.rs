//! What the contract says of one route.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use shared::http::Confirmation;
use shared::model::{QueryInput, RequestBody};

use crate::describe;

const JSON: &str = "application/json";

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, without a token.
    Public,
    /// Everyone of the team.
    Read,
    /// Owners, managers, and keys that send.
    Create,
    /// Owners and managers.
    Write,
    /// Owners.
    Manage,
}

/// A body that a request may have.
pub(crate) struct BodyDescription {
    pub media_type: &'static str,
    /// What the schema is called.
    pub name: &'static str,
    pub schema: Schema,
    pub example: Option<Value>,
}

/// A successful response.
pub(crate) struct Success {
    pub status: u16,
    /// The document's wording.
    pub wording: &'static str,
    pub media_types: &'static [&'static str],
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub headers: Vec<&'static str>,
    pub example: Option<Value>,
}

/// One route, and what the contract says of it beside what its types do.
pub(crate) struct Operation {
    /// `GET /leads/{id}`
    pub route: &'static str,
    /// What clients call it.
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub access: Access,
    pub parameters: Vec<Value>,
    pub bodies: Vec<BodyDescription>,
    pub success: Option<Success>,
    /// Whether `If-None-Match` may be answered 304.
    pub conditional: bool,
    /// Whether a browser without a script sends it: answers are pages for it, or 303.
    pub is_page_form: bool,
    /// The field of the body whose rows are judged one by one.
    pub rows: Option<&'static str>,
    /// Statuses of its own, each with the `message`s that it comes with.
    pub refusals: Vec<(u16, &'static str)>,
}

impl Operation {
    pub(crate) fn new(route: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        let access = if route.starts_with("GET ") { Access::Read } else { Access::Write };
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
            conditional: false,
            is_page_form: false,
            rows: None,
            refusals: Vec::new(),
        }
    }

    pub(crate) fn method(&self) -> &'static str {
        self.route.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &'static str {
        self.route.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn about(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(crate) fn senders_too(self) -> Self {
        Self { access: Access::Create, ..self }
    }

    pub(crate) fn owners_alone(self) -> Self {
        Self { access: Access::Manage, ..self }
    }

    pub(crate) fn query<T: QueryInput>(mut self) -> Self {
        self.parameters.extend(describe::query::<T>());
        self
    }

    pub(crate) fn header(mut self, name: &str) -> Self {
        self.parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        self
    }

    /// A JSON body, whose refusal comes with its own wording.
    pub(crate) fn body<T: RequestBody>(self, name: &'static str) -> Self {
        self.body_of(JSON, name, describe::body::<T>()).refuses(400, T::INVALID)
    }

    pub(crate) fn body_of(mut self, media_type: &'static str, name: &'static str, schema: Schema) -> Self {
        self.bodies.push(BodyDescription { media_type, name, schema, example: None });
        self
    }

    /// An example of the last body, where the route's sample event is none.
    pub(crate) fn example(mut self, example: Value) -> Self {
        if let Some(body) = self.bodies.last_mut() {
            body.example = Some(example);
        }
        self
    }

    pub(crate) fn answers<T: JsonSchema>(mut self, status: u16, wording: &'static str, example: Value) -> Self {
        let schema = SchemaGenerator::subschema_for::<T>;
        self.success = Some(Success {
            status,
            wording,
            media_types: &[JSON],
            schema,
            headers: Vec::new(),
            example: Some(example),
        });
        self
    }

    /// 200 that says what was done.
    pub(crate) fn confirms(self, wording: &'static str, description: &'static str) -> Self {
        self.answers::<Confirmation>(200, wording, json!({ "message": wording, "description": description }))
    }

    /// A public file, that browsers keep and revalidate.
    pub(crate) fn serves(
        self,
        wording: &'static str,
        media_types: &'static [&'static str],
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> Self {
        let file = self.writes(wording, media_types, schema).sends("ETag");
        Self { access: Access::Public, ..file }.header("IfNoneMatch").conditional()
    }

    /// 200 with a file.
    pub(crate) fn writes(
        mut self,
        wording: &'static str,
        media_types: &'static [&'static str],
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> Self {
        let headers = Vec::new();
        self.success = Some(Success { status: 200, wording, media_types, schema, headers, example: None });
        self
    }

    /// Everyone may send it, without a token.
    pub(crate) fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// A page's form posts it too, and gets a page or 303.
    pub(crate) fn answers_pages(self) -> Self {
        Self { is_page_form: true, ..self }
    }

    /// A row of this field that is bad fails alone: the request is accepted all the same.
    pub(crate) fn judges_rows(self, field: &'static str) -> Self {
        Self { rows: Some(field), ..self }
    }

    /// The successful response has this header.
    pub(crate) fn sends(mut self, header: &'static str) -> Self {
        if let Some(success) = &mut self.success {
            success.headers.push(header);
        }
        self
    }

    pub(crate) fn conditional(self) -> Self {
        Self { conditional: true, ..self }
    }

    pub(crate) fn refuses(mut self, status: u16, message: &'static str) -> Self {
        if !self.refusals.contains(&(status, message)) {
            self.refusals.push((status, message));
        }
        self
    }
}
