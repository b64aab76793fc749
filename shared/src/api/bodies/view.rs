//! Reads the request body of `POST /views` and `PUT /views/{id}`.

use std::str::FromStr;

use schemars::{Schema, json_schema};
use serde_json::Value;

use crate::api::FilterParams;
use crate::api::input::body_reader::{BodyReader, ObjectReader, RequestBody};
use crate::api::input::query_param::{MAX_FILTER_VALUES, QueryParam};
use crate::api::input::query_reader::QueryReader;
use crate::api::input::query_string::QueryStringReader;
use crate::api::input::validator::{
    Validator, array_validator, boolean_validator, enum_name_validator, non_empty_single_line_text,
};
use crate::domain::{ErrorCode, FieldError, ValidationFault, ViewInput, ViewParam, ViewQuery};

/// Maximum number of columns of a view.
const MAX_COLUMNS: usize = 50;
/// Maximum length of a column's name, in characters.
const MAX_COLUMN_CHARS: usize = 100;
/// Maximum length of all texts of one query parameter of a view, in characters. 50 ids of 16 digits fit.
const MAX_PARAM_CHARS: usize = 1000;

impl RequestBody for ViewInput {
    const INVALID_BODY_MESSAGE: &'static str = Self::INVALID_VIEW_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&["id", "createdBy", "createdAt"], |fields| {
            let name = fields.read_required_field("name", &non_empty_single_line_text(100));
            let query = fields.read_nested_object("query", false, |params| {
                let mut reader = ViewQueryReader { params, query: ViewQuery::new() };
                FilterParams::of(&mut reader);
                reader.query
            });
            let layout = fields.read_required_field(
                "layout",
                &enum_name_validator().with_description("How the view shows its leads."),
            );
            let columns = array_validator(MAX_COLUMNS, non_empty_single_line_text(MAX_COLUMN_CHARS))
                .with_description("Names of the columns to show, in their order. Clients choose the names.");
            let columns = fields.read_optional_field("columns", &columns);
            let shared = fields.read_optional_field(
                "shared",
                &boolean_validator(
                    "Whether everybody in the team sees the view. Only Owners may share. `false` by default.",
                ),
            );
            Some(Self {
                name: name?,
                query: query.unwrap_or_default(),
                layout: layout?,
                columns: columns?.unwrap_or_default(),
                shared: shared?.unwrap_or_default(),
            })
        })
    }
}

/// Reads the parameters of a view's `query` as `GET /leads` reads them from a query string, and keeps them as they were
/// sent.
struct ViewQueryReader<'f, R> {
    params: &'f mut R,
    query: ViewQuery,
}

impl<R: ObjectReader> ViewQueryReader<'_, R> {
    /// Reads the texts of a parameter. Empty if the parameter is absent or bad.
    fn read_texts(&mut self, name: &'static str, description: Value) -> Vec<String> {
        let Some(Some(param)) = self.params.read_optional_field(name, &ViewParamValidator { description }) else {
            return Vec::new();
        };
        let texts = param.texts().to_vec();
        self.query.insert(name.to_owned(), param);
        texts
    }

    /// Reads a parameter's texts with the reader of query strings, so that both accept the same.
    fn read_as_query_string<T>(
        &mut self,
        name: &'static str,
        description: Value,
        read: impl FnOnce(&mut QueryStringReader) -> T,
    ) -> T {
        let texts = self.read_texts(name, description);
        let values = (!texts.is_empty()).then(|| (name.to_owned(), texts));
        let mut reader = QueryStringReader::of_values(values.into_iter().collect());
        let value = read(&mut reader);
        for FieldError { code, message, .. } in reader.into_errors() {
            self.record_error(name, code.with_message(message));
        }
        value
    }
}

/// The parameter's description in the OpenAPI document.
fn description(param: &impl QueryParam) -> Value {
    param.param_schema().get("description").cloned().unwrap_or_default()
}

impl<R: ObjectReader> QueryReader for ViewQueryReader<'_, R> {
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::ParamValue> {
        self.read_as_query_string(name, description(param), |reader| reader.read_single_value(name, param))
    }

    fn read_id_list<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T> {
        self.read_as_query_string(name, about.into(), |reader| reader.read_id_list(name, about))
    }

    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::ParamValue> {
        self.read_as_query_string(name, description(param), |reader| reader.read_value_list(name, param))
    }

    fn record_error(&mut self, name: &'static str, fault: ValidationFault) {
        self.params.record_error(name, fault);
    }
}

/// Validates the form of a query parameter in a view: a text, or a list of texts.
struct ViewParamValidator {
    /// Description of the parameter in the OpenAPI document.
    description: Value,
}

impl Validator for ViewParamValidator {
    type ValidValue = ViewParam;

    fn validate_value(&self, value: Value) -> Result<ViewParam, ValidationFault> {
        let param: ViewParam = serde_json::from_value(value)
            .map_err(|_| ErrorCode::InvalidType.with_message("must be a string or a list of strings"))?;
        let texts = param.texts();
        if texts.is_empty() || texts.len() > MAX_FILTER_VALUES {
            return Err(ErrorCode::InvalidLength.with_message(format!("must have 1 to {MAX_FILTER_VALUES} strings")));
        }
        if texts.iter().map(|text| text.chars().count()).sum::<usize>() > MAX_PARAM_CHARS {
            return Err(ErrorCode::TooLong.with_message(format!("must be at most {MAX_PARAM_CHARS} characters")));
        }
        Ok(param)
    }

    fn value_schema(&self) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "maxLength": MAX_PARAM_CHARS },
                {
                    "type": "array",
                    "items": { "type": "string", "maxLength": MAX_PARAM_CHARS },
                    "minItems": 1,
                    "maxItems": MAX_FILTER_VALUES,
                },
            ],
            "description": self.description,
        })
    }
}
