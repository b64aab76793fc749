//! Declaration of one field of a lead in a request body.

use crate::api::input::body_reader::{FieldPresence, ObjectReader};
use crate::api::input::validator::Validator;

/// HTTP method whose rules apply to the fields of a lead: which fields are required, and what `null` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// POST: every field except the social media profiles is required and must not be `null`.
    Post,
    /// PUT: every field except the e-mail address and the social media profiles is required; `null` keeps the stored
    /// value.
    Put,
    /// PATCH: an absent field keeps the stored value; `null` clears a clearable field (RFC 7396) and is refused for
    /// other fields.
    Patch,
}

/// Declaration of one field of a lead: name, validation, and whether a request may omit or clear the field.
pub(super) struct LeadField<R: Validator> {
    name: &'static str,
    rule: R,
    /// Validation in POST requests if it differs from `rule`.
    rule_in_post: Option<R>,
    /// Value that a PATCH with `null` stores. `None` if the field cannot be cleared.
    empty: Option<R::ValidValue>,
    /// HTTP methods whose requests must contain the field.
    required_by: &'static [RequestKind],
}

/// Declares a field of a lead that POST and PUT require and that PATCH cannot clear.
pub(super) fn lead_field<R: Validator>(name: &'static str, rule: R) -> LeadField<R> {
    LeadField { name, rule, rule_in_post: None, empty: None, required_by: &[RequestKind::Post, RequestKind::Put] }
}

impl<R: Validator> LeadField<R> {
    /// Sets a different validation for POST requests.
    pub(super) fn with_post_validator(self, rule: R) -> Self {
        Self { rule_in_post: Some(rule), ..self }
    }

    /// Lets a PATCH with `null` clear the field, which then stores the default of its type, such as an empty text.
    pub(super) fn clearable_in_patch(self) -> Self
    where
        R::ValidValue: Default,
    {
        Self { empty: Some(R::ValidValue::default()), ..self }
    }

    /// Makes the field optional in PUT requests, so that only POST requires it.
    pub(super) fn optional_in_put(self) -> Self {
        Self { required_by: &[RequestKind::Post], ..self }
    }

    /// Makes the field optional in every request.
    pub(super) fn optional_in_every_request(self) -> Self {
        Self { required_by: &[], ..self }
    }

    pub(super) fn read_lead_field(self, fields: &mut impl ObjectReader, kind: RequestKind) -> Option<R::ValidValue> {
        let presence = match (kind, self.required_by.contains(&kind)) {
            (RequestKind::Patch, _) => FieldPresence::Clearable(self.empty),
            (_, false) => FieldPresence::Optional,
            (RequestKind::Post, true) => FieldPresence::Required,
            (RequestKind::Put, true) => FieldPresence::Nullable,
        };
        let rule = self.rule_in_post.filter(|_| kind == RequestKind::Post).unwrap_or(self.rule);
        fields.read_field(self.name, &rule, presence).flatten()
    }
}
