//! Reads the bodies of requests that create, change, archive, restore or delete leads.

use std::collections::BTreeSet;

use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use crate::api::input::fields::{BodyReader, ObjectReader, Presence, RequestBody};
use crate::api::input::validator::{
    List, Positive, Text, Validator, filled, filled_list, line, lines, list, one_of, positive,
};
use crate::domain::{
    BusinessId, BusinessReference, Email, ErrorCode, Fault, Lead, LeadChange, LeadId, LeadValues, NewLead, PhotoName,
    ProfileValues, StatusId, once_each,
};

pub(super) const MAX_LINE_CHARS: usize = 200;
pub(super) const MAX_TEXT_CHARS: usize = 10_000;
const MAX_PHONES: usize = 10;
const MAX_PHONE_CHARS: usize = 32;
const MAX_BULK_IDS: usize = 100;
/// Fields of a lead that clients cannot set. The API ignores them, so that a lead from a response can be sent back.
const READ_ONLY: &[&str] =
    &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

/// Reads the new values of a lead's fields from a request body. Each field is declared here with its validation, and
/// with the HTTP methods that may omit or clear the field.
pub(super) fn values(fields: &mut impl ObjectReader, kind: RequestKind) -> LeadValues {
    let name = || line(Lead::MAX_NAME_CHARS);
    let new_name = || filled(Lead::MAX_NAME_CHARS);
    let text = || line(MAX_LINE_CHARS);
    let phones = list(MAX_PHONES, filled(MAX_PHONE_CHARS));
    let status = positive::<StatusId>().describe("Id of a status of the team.");
    LeadValues {
        first_name: field("firstName", name()).rule_in_post(new_name()).read(fields, kind),
        last_name: field("lastName", name()).rule_in_post(new_name()).read(fields, kind),
        email: field("email", OptionalEmail).clearable().optional_in_put().read(fields, kind),
        phone_number: field("phoneNumber", phones).clearable().read(fields, kind),
        business: field("business", Businesses).clearable().read(fields, kind),
        photo: field("photo", Upload).clearable().read(fields, kind),
        state: field("state", one_of()).read(fields, kind),
        status_id: field("statusId", status).read(fields, kind),
        company: field("company", text()).clearable().read(fields, kind),
        source: field("source", text().describe("Where the lead came from.")).clearable().read(fields, kind),
        description: field("description", lines(MAX_TEXT_CHARS)).clearable().read(fields, kind),
        location: field("location", text()).clearable().read(fields, kind),
        position: field("position", text().describe("Position in the company.")).clearable().read(fields, kind),
    }
}

/// Reads the new values of a lead's social media profiles from the object `socialMedia`.
pub(super) fn profiles(fields: &mut impl ObjectReader, kind: RequestKind) -> ProfileValues {
    let mut profile = |name| field(name, line(MAX_LINE_CHARS)).clearable().optional().read(fields, kind);
    ProfileValues {
        youtube: profile("youtube"),
        facebook: profile("facebook"),
        instagram: profile("instagram"),
        twitter: profile("twitter"),
    }
}

/// Reads a request body as a change of a lead. The change carries the validation errors, so that one 400 response can
/// also name errors that only the team's statuses and businesses reveal.
fn change(body: impl BodyReader, kind: RequestKind) -> Option<LeadChange> {
    let ((values, profiles), faults) = body.deferred(READ_ONLY, |fields| {
        let values = values(fields, kind);
        (values, fields.nested("socialMedia", kind == RequestKind::Patch, |fields| profiles(fields, kind)))
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
struct Field<R: Validator> {
    name: &'static str,
    rule: R,
    /// Validation in POST requests. `None` if `rule` applies to POST requests too.
    rule_in_post: Option<R>,
    /// Value that a PATCH with `null` stores. `None` if the field cannot be cleared.
    empty: Option<R::Value>,
    /// HTTP methods whose requests must contain the field.
    required_by: &'static [RequestKind],
}

/// Declares a field of a lead that POST and PUT require and that PATCH cannot clear.
fn field<R: Validator>(name: &'static str, rule: R) -> Field<R> {
    Field { name, rule, rule_in_post: None, empty: None, required_by: &[RequestKind::Post, RequestKind::Put] }
}

impl<R: Validator> Field<R> {
    /// Sets a different validation for POST requests.
    fn rule_in_post(self, rule: R) -> Self {
        Self { rule_in_post: Some(rule), ..self }
    }

    /// Allows a PATCH with `null` to clear the field: the default of the value's type is stored.
    fn clearable(self) -> Self
    where
        R::Value: Default,
    {
        Self { empty: Some(R::Value::default()), ..self }
    }

    /// Makes the field optional in PUT requests.
    fn optional_in_put(self) -> Self {
        Self { required_by: &[RequestKind::Post], ..self }
    }

    /// Makes the field optional in every request.
    fn optional(self) -> Self {
        Self { required_by: &[], ..self }
    }

    fn read(self, fields: &mut impl ObjectReader, kind: RequestKind) -> Option<R::Value> {
        let presence = match (kind, self.required_by.contains(&kind)) {
            (RequestKind::Patch, _) => Presence::Clearable(self.empty),
            (_, false) => Presence::Optional,
            (RequestKind::Post, true) => Presence::Required,
            (RequestKind::Put, true) => Presence::Nullable,
        };
        let rule = self.rule_in_post.filter(|_| kind == RequestKind::Post).unwrap_or(self.rule);
        fields.field(self.name, &rule, presence).flatten()
    }
}

/// Validates an e-mail address.
pub(super) struct EmailAddress;

impl EmailAddress {
    const TEXT: Text = filled(usize::MAX);
}

impl Validator for EmailAddress {
    type Value = Email;

    fn read(&self, value: Value) -> Result<Email, Fault> {
        Self::TEXT.read(value).and_then(|text| text.parse())
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": Email::FORMAT,
            "minLength": 1,
            "maxLength": Email::MAX_CHARS,
            "description": "E-mail address. Unique in the team; case does not matter.",
        })
    }
}

/// Validates an e-mail address, or an empty text, which is read as `None`.
struct OptionalEmail;

impl Validator for OptionalEmail {
    type Value = Option<Email>;

    fn read(&self, value: Value) -> Result<Option<Email>, Fault> {
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        EmailAddress.read(value).map(Some)
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "anyOf": [EmailAddress.schema(), { "type": "string", "maxLength": 0 }],
            "description": "E-mail address. Unique in the team; case does not matter. May be empty if there is a phone number.",
        })
    }
}

/// Validates an array of businesses, each an id or an object `{id, name}` as in responses. Returns the ids without
/// duplicates.
pub(super) struct Businesses;

impl Businesses {
    const LIST: List<BusinessIdOrObject> = list(Lead::MAX_BUSINESSES, BusinessIdOrObject);
}

impl Validator for Businesses {
    type Value = Vec<BusinessId>;

    fn read(&self, value: Value) -> Result<Vec<BusinessId>, Fault> {
        Self::LIST.read(value).map(once_each)
    }

    fn schema(&self) -> Schema {
        Self::LIST.schema()
    }
}

/// Validates a business in a batch row: an id, a name, or an object `{id, name}` as in responses. In an object, a
/// non-empty name takes precedence over the id.
pub(super) struct NamedBusiness;

pub(super) const NAMED_BUSINESSES: List<NamedBusiness> = list(Lead::MAX_BUSINESSES, NamedBusiness);

impl Validator for NamedBusiness {
    type Value = BusinessReference;

    fn read(&self, value: Value) -> Result<BusinessReference, Fault> {
        match value {
            Value::String(_) => filled(Lead::MAX_NAME_CHARS).read(value).map(BusinessReference::Name),
            Value::Object(mut business) if business.get("name").is_some_and(|name| *name != json!("")) => {
                let name = filled(Lead::MAX_NAME_CHARS).read(business.remove("name").unwrap_or_default())?;
                BusinessIdOrObject.read(Value::Object(business)).map(|_| BusinessReference::Name(name))
            }
            value => BusinessIdOrObject.read(value).map(BusinessReference::Id),
        }
    }

    fn schema(&self) -> Schema {
        let mut known = BusinessIdOrObject.schema();
        known.insert("description".into(), "An id, or a business as answers have it. The `name` decides.".into());
        json_schema!({ "anyOf": [filled(Lead::MAX_NAME_CHARS).describe("The name of a business.").schema(), known] })
    }
}

/// Validates the phone numbers in a form submission: one text or an array of texts. Empty texts are dropped.
pub(super) struct Phones;

impl Phones {
    const LIST: List<Text> = list(MAX_PHONES, line(MAX_PHONE_CHARS));
}

impl Validator for Phones {
    type Value = Vec<String>;

    fn read(&self, value: Value) -> Result<Vec<String>, Fault> {
        let value = if value.is_string() { Value::Array(vec![value]) } else { value };
        let mut phones = Self::LIST.read(value)?;
        phones.retain(|phone| !phone.is_empty());
        Ok(phones)
    }

    fn schema(&self) -> Schema {
        json_schema!({ "anyOf": [line(MAX_PHONE_CHARS).schema(), Self::LIST.schema()] })
    }
}

/// Validates a business: an id, or an object `{id, name}` as in responses, whose name is ignored.
struct BusinessIdOrObject;

impl BusinessIdOrObject {
    const ID: Positive<BusinessId> = positive();
}

impl Validator for BusinessIdOrObject {
    type Value = BusinessId;

    fn read(&self, value: Value) -> Result<BusinessId, Fault> {
        match value {
            Value::Object(mut business) => {
                business.remove("name");
                let known = Self::ID.read(business.remove("id").unwrap_or_default());
                let fault = || ErrorCode::UnknownField.fault("must be an id, or an object of id and name");
                if business.is_empty() { known } else { Err(fault()) }
            }
            value => Self::ID.read(value),
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
struct Upload;

impl Validator for Upload {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, Fault> {
        let name = line(MAX_LINE_CHARS).read(value)?;
        let plausible = name.is_empty() || name.parse::<PhotoName>().is_ok();
        if plausible { Ok(name) } else { Err(PhotoName::unavailable()) }
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": PhotoName::MAX_CHARS,
            "description": "File name of an upload that no other lead has, or empty.",
        })
    }
}

impl RequestBody for NewLead {
    const INVALID: &'static str = LeadChange::INVALID_DATA;

    fn read(body: impl BodyReader) -> Option<Self> {
        change(body, RequestKind::Post).map(Self)
    }
}

/// The body of `PUT /leads/{id}`.
#[derive(Clone, Debug)]
pub struct LeadUpdate(
    /// New values of the lead's fields.
    pub LeadChange,
);

impl RequestBody for LeadUpdate {
    const INVALID: &'static str = LeadChange::INVALID_DATA;

    fn read(body: impl BodyReader) -> Option<Self> {
        change(body, RequestKind::Put).map(Self)
    }
}

/// The body of `PATCH /leads/{id}`: a JSON Merge Patch (RFC 7396).
#[derive(Clone, Debug)]
pub struct LeadMerge(
    /// New values of the lead's fields.
    pub LeadChange,
);

impl RequestBody for LeadMerge {
    const INVALID: &'static str = LeadChange::INVALID_DATA;

    fn read(body: impl BodyReader) -> Option<Self> {
        change(body, RequestKind::Patch).map(Self)
    }
}

fn lead_ids(fields: &mut impl ObjectReader) -> Option<BTreeSet<LeadId>> {
    let ids = fields.required("ids", &filled_list(MAX_BULK_IDS, positive()).describe("Duplicates count once."))?;
    Some(ids.into_iter().collect())
}

/// The body of `PATCH /leads/archive`, `PATCH /leads/restore` and `DELETE /leads`.
#[derive(Clone, Debug)]
pub struct LeadIds {
    /// Ids of the leads to archive, restore or delete: 1-100, without duplicates.
    pub ids: BTreeSet<LeadId>,
}

impl RequestBody for LeadIds {
    const INVALID: &'static str = "Invalid lead IDs";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| Some(Self { ids: lead_ids(fields)? }))
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
    const INVALID: &'static str = "Invalid status change";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| {
            let (ids, status_id) = (lead_ids(fields), fields.required("statusId", &positive()));
            Some(Self { ids: ids?, status_id: status_id? })
        })
    }
}
