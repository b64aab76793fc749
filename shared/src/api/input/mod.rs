//! Reads and validates request bodies and query strings. The declarations of fields and parameters also generate the
//! OpenAPI document.

pub(super) mod body_reader;
pub(super) mod json_body;
pub(super) mod query_param;
pub(super) mod query_reader;
pub(super) mod query_string;
pub(super) mod validator;
