//! The bad fields that an error names.

use serde::{Deserialize, Serialize};

use crate::domain::{ErrorCode, ExistingLead, ValidationFault};

/// A bad field: one entry of `errors` in an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldError {
    /// Name of the bad field or query parameter, as the caller wrote it; nested fields with a dot:
    /// `socialMedia.youtube`.
    pub field: String,
    /// Cause of the fault, for programs.
    #[serde(default = "default_code")]
    #[schemars(!default)]
    pub code: ErrorCode,
    /// Message for people, which continues a sentence beginning with the field's name: `must be a string`.
    pub message: String,
    /// The lead that has the field's value, if keys of a request name different leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExistingLead")]
    pub existing: Option<ExistingLead>,
}

/// The code of field errors in batch results that an earlier release stored without codes. Stored results expire after
/// 24 hours.
fn default_code() -> ErrorCode {
    ErrorCode::InvalidValue
}

impl FieldError {
    /// Combines the name of a bad field with its fault.
    pub fn new(field: impl Into<String>, fault: ValidationFault) -> Self {
        Self { field: field.into(), code: fault.code, message: fault.message.into_owned(), existing: None }
    }

    /// Adds the lead that has the field's value.
    #[must_use]
    pub fn with_existing_lead(self, existing: ExistingLead) -> Self {
        Self { existing: Some(existing), ..self }
    }
}
