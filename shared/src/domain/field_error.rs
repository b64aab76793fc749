//! Faults of fields.

use serde::{Deserialize, Serialize};

use crate::domain::{ErrorCode, Fault};

/// One entry of an error's `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldError {
    /// The field or query parameter, as the caller wrote it; `socialMedia.youtube` when nested.
    pub field: String,
    /// The cause.
    #[serde(default = "of_an_earlier_release")]
    #[schemars(!default)]
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub message: String,
}

/// Stored batch results of an earlier release have no codes. They expire after 24 hours.
fn of_an_earlier_release() -> ErrorCode {
    ErrorCode::InvalidValue
}

impl FieldError {
    /// The fault of a field, with the field's name.
    pub fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self { field: field.into(), code: fault.code, message: fault.message.into_owned() }
    }
}
