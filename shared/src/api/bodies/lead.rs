//! Reads the bodies of requests that create, change, archive, restore or delete leads.

use std::collections::BTreeSet;

use schemars::json_schema;

use super::lead_field::{RequestKind, lead_field};
use super::lead_validators::{
    BusinessIdsValidator, MAX_PHONE_CHARS, MAX_PHONES, OptionalEmailValidator, PhotoNameValidator,
};
use crate::api::input::body_reader::{BodyReader, MapChange, MapField, ObjectReader, RequestBody};
use crate::api::input::validator::{
    Validator as _, array_validator, enum_name_validator, multi_line_text, non_empty_array_validator,
    non_empty_single_line_text, positive_integer_validator, single_line_text,
};
use crate::domain::{
    ExternalId, ExternalIds, ExternalIdsChange, ExternalSystem, Lead, LeadChange, LeadId, LeadValues, NewLead,
    ProfileValues, StatusId,
};

pub(super) const MAX_LINE_CHARS: usize = 200;
pub(super) const MAX_TEXT_CHARS: usize = 10_000;
const MAX_BULK_IDS: usize = 100;
/// Fields of a lead that clients cannot set. The API ignores them, so that a lead from a response can be sent back.
const READ_ONLY_FIELDS: &[&str] =
    &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

/// Reads the new values of a lead's fields from a request body. Each field is declared here with its validation, and
/// with the HTTP methods that may omit or clear the field.
pub(super) fn read_lead_values(fields: &mut impl ObjectReader, kind: RequestKind) -> LeadValues {
    let name = || single_line_text(Lead::MAX_NAME_CHARS);
    let new_name = || non_empty_single_line_text(Lead::MAX_NAME_CHARS);
    let text = || single_line_text(MAX_LINE_CHARS);
    let phones = array_validator(MAX_PHONES, non_empty_single_line_text(MAX_PHONE_CHARS));
    let status = positive_integer_validator::<StatusId>().with_description("Id of a status of the team.");
    LeadValues {
        first_name: lead_field("firstName", name()).with_post_validator(new_name()).read_lead_field(fields, kind),
        last_name: lead_field("lastName", name()).with_post_validator(new_name()).read_lead_field(fields, kind),
        email: lead_field("email", OptionalEmailValidator)
            .clearable_in_patch()
            .optional_in_put()
            .read_lead_field(fields, kind),
        phone_number: lead_field("phoneNumber", phones).clearable_in_patch().read_lead_field(fields, kind),
        business: lead_field("business", BusinessIdsValidator).clearable_in_patch().read_lead_field(fields, kind),
        photo: lead_field("photo", PhotoNameValidator).clearable_in_patch().read_lead_field(fields, kind),
        state: lead_field("state", enum_name_validator()).read_lead_field(fields, kind),
        status_id: lead_field("statusId", status).read_lead_field(fields, kind),
        company: lead_field("company", text()).clearable_in_patch().read_lead_field(fields, kind),
        source: lead_field("source", text().with_description("Where the lead came from."))
            .clearable_in_patch()
            .read_lead_field(fields, kind),
        description: lead_field("description", multi_line_text(MAX_TEXT_CHARS))
            .clearable_in_patch()
            .read_lead_field(fields, kind),
        location: lead_field("location", text()).clearable_in_patch().read_lead_field(fields, kind),
        position: lead_field("position", text().with_description("Position in the company."))
            .clearable_in_patch()
            .read_lead_field(fields, kind),
    }
}

/// Reads the new values of a lead's social media profiles from the object `socialMedia`.
pub(super) fn read_profile_values(fields: &mut impl ObjectReader, kind: RequestKind) -> ProfileValues {
    let mut profile = |name| {
        lead_field(name, single_line_text(MAX_LINE_CHARS))
            .clearable_in_patch()
            .optional_in_every_request()
            .read_lead_field(fields, kind)
    };
    ProfileValues {
        youtube: profile("youtube"),
        facebook: profile("facebook"),
        instagram: profile("instagram"),
        twitter: profile("twitter"),
    }
}

/// Reads the change of a lead's external ids from the object `externalIds`.
pub(super) fn read_external_ids(fields: &mut impl ObjectReader, kind: RequestKind) -> ExternalIdsChange {
    const EXTERNAL_IDS: MapField = MapField {
        name: ExternalIds::FIELD_NAME,
        // A change can replace each id by the id of another system.
        max: 2 * ExternalIds::MAX_IDS,
        name_schema: || json_schema!({ "type": "string", "pattern": ExternalSystem::PATTERN, "not": { "const": ExternalSystem::EMAIL } }),
        value_schema: || json_schema!({ "type": "string", "minLength": 1, "maxLength": ExternalId::MAX_ID_CHARS, "pattern": "^[^/?]*$" }),
        about: "Ids of other systems by the system's name, such as `{\"hubspot\": \"512\"}`. Merged by system. A lead \
                has at most 3, and each is unique in the team.",
    };
    match fields.read_map_field(&EXTERNAL_IDS, kind == RequestKind::Patch) {
        Some(MapChange { removes_others, values }) => ExternalIdsChange { removes_others, by_system: values },
        None => ExternalIdsChange::default(),
    }
}

/// Reads a request body as a change of a lead. The change carries the validation errors, so that one 400 response can
/// also name errors that only the team's statuses and businesses reveal.
fn read_lead_change(body: impl BodyReader, kind: RequestKind) -> Option<LeadChange> {
    let (change, faults) = body.read_object_with_errors(READ_ONLY_FIELDS, |fields| {
        let values = read_lead_values(fields, kind);
        let profiles = fields
            .read_nested_object("socialMedia", kind == RequestKind::Patch, |fields| read_profile_values(fields, kind));
        let external_ids = read_external_ids(fields, kind);
        LeadChange { values, profiles: profiles.unwrap_or_default(), external_ids, faults: Vec::new() }
    })?;
    Some(LeadChange { faults, ..change })
}

impl RequestBody for NewLead {
    const INVALID_BODY_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
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
    const INVALID_BODY_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
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
    const INVALID_BODY_MESSAGE: &'static str = LeadChange::INVALID_LEAD_MESSAGE;

    fn read_body(body: impl BodyReader) -> Option<Self> {
        read_lead_change(body, RequestKind::Patch).map(Self)
    }
}

fn read_lead_ids(fields: &mut impl ObjectReader) -> Option<BTreeSet<LeadId>> {
    let ids = fields.read_required_field(
        "ids",
        &non_empty_array_validator(MAX_BULK_IDS, positive_integer_validator())
            .with_description("Duplicates count once."),
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
    const INVALID_BODY_MESSAGE: &'static str = "Invalid lead IDs";

    fn read_body(body: impl BodyReader) -> Option<Self> {
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
    const INVALID_BODY_MESSAGE: &'static str = "Invalid status change";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            let (ids, status_id) =
                (read_lead_ids(fields), fields.read_required_field("statusId", &positive_integer_validator()));
            Some(Self { ids: ids?, status_id: status_id? })
        })
    }
}
