//! Reads and validates request bodies and query strings. The declarations of fields and parameters also generate the
//! OpenAPI document.

pub(super) mod fields;
pub(super) mod params;
pub(super) mod validator;
