//! Reads the bodies of requests that create, change, archive, restore or delete leads.

use std::collections::BTreeSet;

use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use crate::api::input::fields::{BodyReader, FieldPresence, ObjectReader, RequestBody};
use crate::api::input::validator::{
    ArrayValidator, PositiveInteger, TextValidator, Validator, array_of, enum_name, multi_line, non_empty_array_of,
    non_empty_line, positive_integer, single_line,
};
use crate::domain::{
    BusinessId, BusinessIdOrName, Email, ErrorCode, Lead, LeadChange, LeadId, LeadValues, NewLead, PhotoName,
    ProfileValues, StatusId, ValidationFault, unique_in_order,
};

pub(super) const MAX_LINE_CHARS: usize = 200;
pub(super) const MAX_TEXT_CHARS: usize = 10_000;
const MAX_PHONES: usize = 10;
const MAX_PHONE_CHARS: usize = 32;
const MAX_BULK_IDS: usize = 100;
/// Fields of a lead that clients cannot set. The API ignores them, so that a lead from a response can be sent back.
const READ_ONLY_FIELDS: &[&str] =
    &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

/// Reads the new values of a lead's fields from a request body. Each field is declared here with its validation, and
/// with the HTTP methods that may omit or clear the field.
pub(super) fn read_lead_values(fields: &mut impl ObjectReader, kind: RequestKind) -> LeadValues {
    let name = || single_line(Lead::MAX_NAME_CHARS);
    let new_name = || non_empty_line(Lead::MAX_NAME_CHARS);
    let text = || single_line(MAX_LINE_CHARS);
    let phones = array_of(MAX_PHONES, non_empty_line(MAX_PHONE_CHARS));
    let status = positive_integer::<StatusId>().with_description("Id of a status of the team.");
    LeadValues {
        first_name: lead_field("firstName", name()).with_post_validator(new_name()).read(fields, kind),
        last_name: lead_field("lastName", name()).with_post_validator(new_name()).read(fields, kind),
        email: lead_field("email", OptionalEmailValidator).clearable().optional_in_put().read(fields, kind),
        phone_number: lead_field("phoneNumber", phones).clearable().read(fields, kind),
        business: lead_field("business", BusinessIdsValidator).clearable().read(fields, kind),
        photo: lead_field("photo", PhotoNameValidator).clearable().read(fields, kind),
        state: lead_field("state", enum_name()).read(fields, kind),
        status_id: lead_field("statusId", status).read(fields, kind),
        company: lead_field("company", text()).clearable().read(fields, kind),
        source: lead_field("source", text().with_description("Where the lead came from."))
            .clearable()
            .read(fields, kind),
        description: lead_field("description", multi_line(MAX_TEXT_CHARS)).clearable().read(fields, kind),
        location: lead_field("location", text()).clearable().read(fields, kind),
        position: lead_field("position", text().with_description("Position in the company."))
            .clearable()
            .read(fields, kind),
    }
}

/// Reads the new values of a lead's social media profiles from the object `socialMedia`.
pub(super) fn read_profile_values(fields: &mut impl ObjectReader, kind: RequestKind) -> ProfileValues {
    let mut profile = |name| lead_field(name, single_line(MAX_LINE_CHARS)).clearable().optional().read(fields, kind);
    ProfileValues {
        youtube: profile("youtube"),
        facebook: profile("facebook"),
        instagram: profile("instagram"),
        twitter: profile("twitter"),
    }
}

/// Reads a request body as a change of a lead. The change carries the validation errors, so that one 400 response can
/// also name errors that only the team's statuses and businesses reveal.
fn read_lead_change(body: impl BodyReader, kind: RequestKind) -> Option<LeadChange> {
    let ((values, profiles), faults) = body.read_object_with_errors(READ_ONLY_FIELDS, |fields| {
        let values = read_lead_values(fields, kind);
        (
            values,
            fields.read_nested_object("socialMedia", kind == RequestKind::Patch, |fields| {
                read_profile_values(fields, kind)
            }),
        )
    })?;
    Some(LeadChange { values, profiles: profiles.unwrap_or_default(), faults })
}

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
struct LeadField<R: Validator> {
    name: &'static str,
    rule: R,
    /// Validation in POST requests if it differs from `rule`.
    rule_in_post: Option<R>,
    /// Value that a PATCH with `null` stores. `None` if the field cannot be cleared.
    empty: Option<R::Output>,
    /// HTTP methods whose requests must contain the field.
    required_by: &'static [RequestKind],
}

/// Declares a field of a lead that POST and PUT require and that PATCH cannot clear.
fn lead_field<R: Validator>(name: &'static str, rule: R) -> LeadField<R> {
    LeadField { name, rule, rule_in_post: None, empty: None, required_by: &[RequestKind::Post, RequestKind::Put] }
}

impl<R: Validator> LeadField<R> {
    /// Sets a different validation for POST requests.
    fn with_post_validator(self, rule: R) -> Self {
        Self { rule_in_post: Some(rule), ..self }
    }

    /// Lets a PATCH with `null` clear the field, which then stores the default of its type, such as an empty text.
    fn clearable(self) -> Self
    where
        R::Output: Default,
    {
        Self { empty: Some(R::Output::default()), ..self }
    }

    /// Makes the field optional in PUT requests, so that only POST requires it.
    fn optional_in_put(self) -> Self {
        Self { required_by: &[RequestKind::Post], ..self }
    }

    /// Makes the field optional in every request.
    fn optional(self) -> Self {
        Self { required_by: &[], ..self }
    }

    fn read(self, fields: &mut impl ObjectReader, kind: RequestKind) -> Option<R::Output> {
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

/// Validates an e-mail address.
pub(super) struct EmailValidator;

impl EmailValidator {
    const NON_EMPTY_TEXT: TextValidator = non_empty_line(usize::MAX);
}

impl Validator for EmailValidator {
    type Output = Email;

    fn validate(&self, value: Value) -> Result<Email, ValidationFault> {
        Self::NON_EMPTY_TEXT.validate(value).and_then(|text| text.parse())
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": Email::JSON_SCHEMA_FORMAT,
            "minLength": 1,
            "maxLength": Email::MAX_EMAIL_CHARS,
            "description": "E-mail address. Unique in the team; case does not matter.",
        })
    }
}

/// Validates an e-mail address, or an empty text, which is read as `None`.
struct OptionalEmailValidator;

impl Validator for OptionalEmailValidator {
    type Output = Option<Email>;

    fn validate(&self, value: Value) -> Result<Option<Email>, ValidationFault> {
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        EmailValidator.validate(value).map(Some)
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "anyOf": [EmailValidator.schema(), { "type": "string", "maxLength": 0 }],
            "description": "E-mail address. Unique in the team; case does not matter. May be empty if there is a phone number.",
        })
    }
}

/// Validates an array of businesses, each an id or an object `{id, name}` as in responses. Returns the ids without
/// duplicates.
pub(super) struct BusinessIdsValidator;

impl BusinessIdsValidator {
    const BUSINESS_ARRAY: ArrayValidator<BusinessIdValidator> = array_of(Lead::MAX_BUSINESSES, BusinessIdValidator);
}

impl Validator for BusinessIdsValidator {
    type Output = Vec<BusinessId>;

    fn validate(&self, value: Value) -> Result<Vec<BusinessId>, ValidationFault> {
        Self::BUSINESS_ARRAY.validate(value).map(unique_in_order)
    }

    fn schema(&self) -> Schema {
        Self::BUSINESS_ARRAY.schema()
    }
}

/// Validates a business in a batch row: an id, a name, or an object `{id, name}` as in responses. In an object, a
/// non-empty name takes precedence over the id.
pub(super) struct BusinessReferenceValidator;

pub(super) const BUSINESS_REFERENCES: ArrayValidator<BusinessReferenceValidator> =
    array_of(Lead::MAX_BUSINESSES, BusinessReferenceValidator);

impl Validator for BusinessReferenceValidator {
    type Output = BusinessIdOrName;

    fn validate(&self, value: Value) -> Result<BusinessIdOrName, ValidationFault> {
        match value {
            Value::String(_) => non_empty_line(Lead::MAX_NAME_CHARS).validate(value).map(BusinessIdOrName::Name),
            Value::Object(mut business) if business.get("name").is_some_and(|name| *name != json!("")) => {
                let name =
                    non_empty_line(Lead::MAX_NAME_CHARS).validate(business.remove("name").unwrap_or_default())?;
                BusinessIdValidator.validate(Value::Object(business)).map(|_| BusinessIdOrName::Name(name))
            }
            value => BusinessIdValidator.validate(value).map(BusinessIdOrName::Id),
        }
    }

    fn schema(&self) -> Schema {
        let mut known = BusinessIdValidator.schema();
        known.insert("description".into(), "An id, or a business as answers have it. The `name` decides.".into());
        json_schema!({ "anyOf": [non_empty_line(Lead::MAX_NAME_CHARS).with_description("The name of a business.").schema(), known] })
    }
}

/// Validates the phone numbers in a form submission: one text or an array of texts. Empty texts are dropped.
pub(super) struct PhoneNumbersValidator;

impl PhoneNumbersValidator {
    const PHONE_ARRAY: ArrayValidator<TextValidator> = array_of(MAX_PHONES, single_line(MAX_PHONE_CHARS));
}

impl Validator for PhoneNumbersValidator {
    type Output = Vec<String>;

    fn validate(&self, value: Value) -> Result<Vec<String>, ValidationFault> {
        let value = if value.is_string() { Value::Array(vec![value]) } else { value };
        let mut phones = Self::PHONE_ARRAY.validate(value)?;
        phones.retain(|phone| !phone.is_empty());
        Ok(phones)
    }

    fn schema(&self) -> Schema {
        json_schema!({ "anyOf": [single_line(MAX_PHONE_CHARS).schema(), Self::PHONE_ARRAY.schema()] })
    }
}

/// Validates a business: an id, or an object `{id, name}` as in responses, whose name is ignored.
struct BusinessIdValidator;

impl BusinessIdValidator {
    const ID: PositiveInteger<BusinessId> = positive_integer();
}

impl Validator for BusinessIdValidator {
    type Output = BusinessId;

    fn validate(&self, value: Value) -> Result<BusinessId, ValidationFault> {
        match value {
            Value::Object(mut business) => {
                business.remove("name");
                let known = Self::ID.validate(business.remove("id").unwrap_or_default());
                let fault = || ErrorCode::UnknownField.with_message("must be an id, or an object of id and name");
                if business.is_empty() { known } else { Err(fault()) }
            }
            value => Self::ID.validate(value),
        }
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "description": "An id, or a business as answers have it. The `name` has no effect.",
            "anyOf": [
                Self::ID.schema(),
                {
                    "type": "object",
                    "properties": { "id": Self::ID.schema(), "name": {} },
                    "required": ["id"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// Validates a lead's `photo`: the file name of an uploaded photo, or an empty text for no photo.
struct PhotoNameValidator;

impl Validator for PhotoNameValidator {
    type Output = String;

    fn validate(&self, value: Value) -> Result<String, ValidationFault> {
        let name = single_line(MAX_LINE_CHARS).validate(value)?;
        let plausible = name.is_empty() || name.parse::<PhotoName>().is_ok();
        if plausible { Ok(name) } else { Err(PhotoName::unavailable_fault()) }
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": PhotoName::MAX_FILE_NAME_CHARS,
            "description": "File name of an upload that no other lead has, or empty.",
        })
    }
}

impl RequestBody for NewLead {
    const INVALID_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read(body: impl BodyReader) -> Option<Self> {
        read_lead_change(body, RequestKind::Post).map(Self)
    }
}

/// The body of `PUT /leads/{id}`.
#[derive(Clone, Debug)]
pub struct LeadPutBody(
    /// New values of the lead's fields.
    pub LeadChange,
);

impl RequestBody for LeadPutBody {
    const INVALID_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read(body: impl BodyReader) -> Option<Self> {
        read_lead_change(body, RequestKind::Put).map(Self)
    }
}

/// The body of `PATCH /leads/{id}`: a JSON Merge Patch (RFC 7396).
#[derive(Clone, Debug)]
pub struct LeadPatchBody(
    /// New values of the lead's fields.
    pub LeadChange,
);

impl RequestBody for LeadPatchBody {
    const INVALID_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read(body: impl BodyReader) -> Option<Self> {
        read_lead_change(body, RequestKind::Patch).map(Self)
    }
}

fn read_lead_ids(fields: &mut impl ObjectReader) -> Option<BTreeSet<LeadId>> {
    let ids = fields.required(
        "ids",
        &non_empty_array_of(MAX_BULK_IDS, positive_integer()).with_description("Duplicates count once."),
    )?;
    Some(ids.into_iter().collect())
}

/// The body of `PATCH /leads/archive`, `PATCH /leads/restore` and `DELETE /leads`.
#[derive(Clone, Debug)]
pub struct LeadIds {
    /// Ids of the leads to archive, restore or delete: 1-100, without duplicates.
    pub ids: BTreeSet<LeadId>,
}

impl RequestBody for LeadIds {
    const INVALID_MESSAGE: &'static str = "Invalid lead IDs";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| Some(Self { ids: read_lead_ids(fields)? }))
    }
}

/// The body of `PUT /leads/change-status`.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// Ids of the leads whose status is to change: 1-100, without duplicates.
    pub ids: BTreeSet<LeadId>,
    /// Id of the new status. Not yet checked against the team's statuses.
    pub status_id: StatusId,
}

impl RequestBody for StatusChange {
    const INVALID_MESSAGE: &'static str = "Invalid status change";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            let (ids, status_id) = (read_lead_ids(fields), fields.required("statusId", &positive_integer()));
            Some(Self { ids: ids?, status_id: status_id? })
        })
    }
}
