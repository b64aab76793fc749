//! The bodies of the endpoints of leads, and the changes that they make.

use std::collections::BTreeSet;

use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use crate::domain::input::fields::{BodyReader, FieldError, Item, ObjectReader, Presence, RequestBody};
use crate::domain::input::rule::{
    List, Positive, Text, Validator, filled, filled_list, line, lines, list, one_of, positive,
};
use crate::domain::team::unknown_names;
use crate::domain::{
    BusinessId, DomainError, Email, ErrorCode, Fault, Lead, LeadId, PhotoName, State, StatusId, Team, Timestamp,
};

const MAX_NAME_CHARS: usize = 100;
const MAX_LINE_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 10_000;
const MAX_PHONES: usize = 10;
const MAX_PHONE_CHARS: usize = 32;
const MAX_BULK_IDS: usize = 100;
const INVALID: &str = "Invalid lead data";
/// Read-only fields of a lead. Sent back, they have no effect.
const READ_ONLY: &[&str] =
    &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

/// Declares a struct of optional new values. Each line has a field of a [`Lead`], the part of the lead that it belongs
/// to, its type, and its validation.
macro_rules! change {
    ($(#[$doc:meta])* $name:ident { $($field:ident in $($part:ident).+: $type:ty = $rule:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        struct $name {
            $($field: Option<$type>,)+
        }

        impl $name {
            fn read(fields: &mut impl ObjectReader, kind: RequestKind) -> Self {
                Self { $($field: $rule.read(fields, kind),)+ }
            }

            fn write(&self, lead: &mut Lead, over: WriteMode) {
                $(if let Some(value) = &self.$field
                    && (over == WriteMode::Overwrite || lead.$($part).+.$field.is_unset())
                {
                    lead.$($part).+.$field.clone_from(value);
                })+
            }
        }
    };
}

change! {
    /// New values of a lead's fields. `None` keeps a value.
    Values {
        first_name in summary: String = field("firstName", line(MAX_NAME_CHARS)).rule_in_post(filled(MAX_NAME_CHARS));
        last_name in summary: String = field("lastName", line(MAX_NAME_CHARS)).rule_in_post(filled(MAX_NAME_CHARS));
        email in summary: Option<Email> = field("email", OptionalEmail).clearable().optional_in_put();
        phone_number in summary: Vec<String> = field("phoneNumber", list(MAX_PHONES, filled(MAX_PHONE_CHARS))).clearable();
        business in summary: Vec<BusinessId> = field("business", Businesses).clearable();
        photo in summary: String = field("photo", Upload).clearable();
        state in summary: State = field("state", one_of());
        status_id in summary: StatusId = field("statusId", positive::<StatusId>().describe("Id of a status of the team."));
        company in summary: String = field("company", line(MAX_LINE_CHARS)).clearable();
        source in details: String = field("source", line(MAX_LINE_CHARS).describe("Where the lead came from.")).clearable();
        description in details: String = field("description", lines(MAX_TEXT_CHARS)).clearable();
        location in details: String = field("location", line(MAX_LINE_CHARS)).clearable();
        position in details: String = field("position", line(MAX_LINE_CHARS).describe("Position in the company.")).clearable();
    }
}

change! {
    /// New values of a lead's social media profiles.
    Profiles {
        youtube in details.social_media: String = field("youtube", line(MAX_LINE_CHARS)).clearable().optional();
        facebook in details.social_media: String = field("facebook", line(MAX_LINE_CHARS)).clearable().optional();
        instagram in details.social_media: String = field("instagram", line(MAX_LINE_CHARS)).clearable().optional();
        twitter in details.social_media: String = field("twitter", line(MAX_LINE_CHARS)).clearable().optional();
    }
}

/// Which fields a change overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// Every field that the change names.
    Overwrite,
    /// Only fields that are empty.
    FillEmpty,
}

/// Whether a field of a lead is still empty.
trait Unset {
    fn is_unset(&self) -> bool;
}

impl Unset for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Unset for Option<T> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }
}

impl<T> Unset for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

/// Implements [`Unset`] for fields that every lead has.
macro_rules! never_unset {
    ($($type:ty),+) => {
        $(impl Unset for $type {
            fn is_unset(&self) -> bool {
                false
            }
        })+
    };
}

never_unset!(State, StatusId);

/// Kind of request, which decides the required fields and the meaning of `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestKind {
    /// Every field is required.
    Post,
    /// Every field is required; `null` keeps its value.
    Put,
    /// Absent fields keep their values; `null` clears (RFC 7396).
    Patch,
}

/// Validation of one field of a lead.
struct Field<R: Validator> {
    name: &'static str,
    rule: R,
    /// The validation of POST, if it differs.
    rule_in_post: Option<R>,
    /// The value of a cleared field. `None` if it cannot be cleared.
    empty: Option<R::Value>,
    /// Kinds of requests that require the field.
    required_by: &'static [RequestKind],
}

/// A field that POST and PUT require and that cannot be cleared.
fn field<R: Validator>(name: &'static str, rule: R) -> Field<R> {
    Field { name, rule, rule_in_post: None, empty: None, required_by: &[RequestKind::Post, RequestKind::Put] }
}

impl<R: Validator> Field<R> {
    /// Sets another validation for POST.
    fn rule_in_post(self, rule: R) -> Self {
        Self { rule_in_post: Some(rule), ..self }
    }

    /// Allows clearing the field.
    fn clearable(self) -> Self
    where
        R::Value: Default,
    {
        Self { empty: Some(R::Value::default()), ..self }
    }

    /// Makes the field optional in PUT.
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

/// An e-mail address.
struct EmailAddress;

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

/// An e-mail address, or an empty string.
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

/// Businesses, by id or as answers have them. Duplicates count once.
pub(in crate::domain) struct Businesses;

impl Businesses {
    const LIST: List<BusinessIdOrObject> = list(Lead::MAX_BUSINESSES, BusinessIdOrObject);
}

/// Removes duplicates and keeps the order.
pub(in crate::domain) fn once_each<T: Copy + Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|one| seen.insert(*one)).collect()
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

/// A business as a row of a batch names it: by id or by name.
#[derive(Clone, Debug)]
enum BusinessReference {
    Id(BusinessId),
    Name(String),
}

/// A business by id, as answers have it, or by name.
struct NamedBusiness;

const NAMED_BUSINESSES: List<NamedBusiness> = list(Lead::MAX_BUSINESSES, NamedBusiness);

impl Validator for NamedBusiness {
    type Value = BusinessReference;

    fn read(&self, value: Value) -> Result<BusinessReference, Fault> {
        match value {
            Value::String(_) => filled(MAX_NAME_CHARS).read(value).map(BusinessReference::Name),
            Value::Object(mut business) if business.get("name").is_some_and(|name| *name != json!("")) => {
                let name = filled(MAX_NAME_CHARS).read(business.remove("name").unwrap_or_default())?;
                BusinessIdOrObject.read(Value::Object(business)).map(|_| BusinessReference::Name(name))
            }
            value => BusinessIdOrObject.read(value).map(BusinessReference::Id),
        }
    }

    fn schema(&self) -> Schema {
        let mut known = BusinessIdOrObject.schema();
        known.insert("description".into(), "An id, or a business as answers have it. The `name` decides.".into());
        json_schema!({ "anyOf": [filled(MAX_NAME_CHARS).describe("The name of a business.").schema(), known] })
    }
}

/// The phone numbers of a visitor: a single text or a list.
struct Phones;

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

/// A business: its id, or the object that answers show.
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

/// File name of an upload, or empty.
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

/// A change of a lead. Its faults are kept, so that one answer names them with those that only the team can show.
#[derive(Clone, Debug, Default)]
pub struct LeadChange {
    values: Values,
    profiles: Profiles,
    faults: Vec<FieldError>,
}

impl LeadChange {
    fn read(body: impl BodyReader, kind: RequestKind) -> Option<Self> {
        let ((values, profiles), faults) = body.deferred(READ_ONLY, |fields| {
            let values = Values::read(fields, kind);
            (values, fields.nested("socialMedia", kind == RequestKind::Patch, |fields| Profiles::read(fields, kind)))
        })?;
        Some(Self { values, profiles: profiles.unwrap_or_default(), faults })
    }

    /// Whether a field is bad whatever the team has.
    pub fn is_invalid(&self) -> bool {
        !self.faults.is_empty()
    }

    /// File name of an upload, or empty. `None` keeps the photo.
    pub fn photo(&self) -> Option<&str> {
        self.values.photo.as_deref()
    }

    /// Every bad field, an unknown status or business included.
    fn faults(&self, team: &Team) -> Vec<FieldError> {
        let Values { status_id: status, business, .. } = &self.values;
        let mut faults = self.faults.clone();
        faults.extend(team.unknown(*status, business.as_deref()));
        faults
    }

    /// The lead after this change. The caller sets version and times.
    ///
    /// # Errors
    /// When a field is bad, naming every bad field.
    fn changed(&self, before: &Lead, team: &Team, over: WriteMode) -> Result<Lead, DomainError> {
        let mut after = before.clone();
        self.write(&mut after, over);
        let mut faults = self.faults(team);
        let names =
            [("firstName", &before.first_name, &after.first_name), ("lastName", &before.last_name, &after.last_name)];
        let cleared = names.into_iter().filter(|(_, before, after)| !before.is_empty() && after.is_empty());
        faults.extend(cleared.map(|(name, ..)| FieldError::new(name, ErrorCode::Empty.fault("must not be empty"))));
        faults.extend(self.contact_fault(before, &after, &faults));
        if faults.is_empty() { Ok(after) } else { Err(DomainError::InvalidLead(faults)) }
    }

    /// The fault of a lead without address and phone number. It names the field that was cleared or is missing.
    fn contact_fault(&self, before: &Lead, after: &Lead, faults: &[FieldError]) -> Option<FieldError> {
        let is_bad = |name: &str| faults.iter().any(|fault| fault.field == name);
        if after.has_contact() || is_bad("email") || is_bad("phoneNumber") {
            return None;
        }
        let (field, message) = if before.has_contact() && before.email.is_none() {
            ("phoneNumber", "must not be empty of a lead without an e-mail address")
        } else {
            ("email", "must not be empty of a lead without a phone number")
        };
        Some(FieldError::new(field, ErrorCode::ContactRequired.fault(message)))
    }

    /// An existing lead after this change. The caller sets version and times.
    ///
    /// # Errors
    /// When a field is bad, naming every bad field, an unknown status or business included.
    pub fn apply(&self, lead: &Lead, team: &Team) -> Result<Lead, DomainError> {
        self.changed(lead, team, WriteMode::Overwrite)
    }

    fn write(&self, lead: &mut Lead, over: WriteMode) {
        self.values.write(lead, over);
        self.profiles.write(lead, over);
        lead.derive();
    }
}

/// The body of `POST /leads`.
#[derive(Clone, Debug)]
pub struct NewLead(LeadChange);

impl RequestBody for NewLead {
    const INVALID: &'static str = INVALID;

    fn read(body: impl BodyReader) -> Option<Self> {
        LeadChange::read(body, RequestKind::Post).map(Self)
    }
}

impl NewLead {
    /// Whether a field is bad whatever the team has.
    pub fn is_invalid(&self) -> bool {
        let Values { email, phone_number, .. } = &self.0.values;
        let has_contact =
            email.as_ref().is_some_and(Option::is_some) || phone_number.as_ref().is_some_and(|all| !all.is_empty());
        self.0.is_invalid() || !has_contact
    }

    /// File name of an upload, or empty.
    pub fn photo(&self) -> &str {
        self.0.photo().unwrap_or_default()
    }

    /// # Errors
    /// When a field is bad, naming every bad field, an unknown status included.
    pub fn check(&self, team: &Team) -> Result<(), DomainError> {
        self.to_lead(team, LeadId::MIN, Timestamp::default()).map(drop)
    }

    /// The new lead.
    ///
    /// # Errors
    /// Those of [`NewLead::check`].
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let Values { state, status_id, .. } = &self.0.values;
        // Absent fields were refused when the body was read.
        let (state, status_id) = (state.unwrap_or(State::Active), status_id.unwrap_or(StatusId::MIN));
        let refused = |refusal| match refusal {
            DomainError::InvalidLead(faults) if is_unknown_status(&faults) => DomainError::NoStatusForLead(faults),
            other => other,
        };
        self.0.changed(&Lead::new(id, None, state, status_id, at), team, WriteMode::Overwrite).map_err(refused)
    }
}

/// Whether an unknown status is the only fault.
fn is_unknown_status(faults: &[FieldError]) -> bool {
    matches!(faults, [fault] if fault.code == ErrorCode::UnknownStatus)
}

/// A row of `POST /leads/batch`: a lead as PATCH takes it, matched by its address. Its faults do not affect other rows.
#[derive(Clone, Debug, Default)]
pub struct LeadRow {
    change: LeadChange,
    businesses: Option<Vec<BusinessReference>>,
    /// Name of the status. It decides if the row has an id too.
    status: Option<String>,
}

impl LeadRow {
    /// Read-only fields of a row. Sent back, they have no effect.
    pub(in crate::domain) const READ_ONLY: &'static [&'static str] =
        &["id", "archived", "createdAt", "updatedAt", "photoUrl", "attribution", "version"];

    pub(in crate::domain) fn read(fields: &mut impl ObjectReader) -> Self {
        let businesses = fields.field("business", &NAMED_BUSINESSES, Presence::Clearable(Some(Vec::new()))).flatten();
        let about = "Name of a status. It decides if the row has a `statusId` too.";
        let status = fields.field("status", &line(MAX_NAME_CHARS).describe(about), Presence::Optional).flatten();
        let values = Values::read(fields, RequestKind::Patch);
        let profiles = fields.nested("socialMedia", true, |fields| Profiles::read(fields, RequestKind::Patch));
        let change = LeadChange { values, profiles: profiles.unwrap_or_default(), faults: Vec::new() };
        Self { change, businesses, status: status.filter(|name| !name.is_empty()) }
    }

    /// Reads the fields that a visitor may fill in. A browser sends empty fields too, so an empty one counts as absent.
    pub(in crate::domain) fn read_of_visitor(fields: &mut impl ObjectReader) -> Option<Self> {
        let email = fields.required("email", &EmailAddress);
        let text = |text: Option<Option<String>>| text.flatten().filter(|text| !text.is_empty());
        let first_name = text(fields.optional("firstName", &line(MAX_NAME_CHARS)));
        let last_name = text(fields.optional("lastName", &line(MAX_NAME_CHARS)));
        let phone_number = fields.optional("phoneNumber", &Phones).flatten();
        let company = text(fields.optional("company", &line(MAX_LINE_CHARS)));
        let position = text(fields.optional("position", &line(MAX_LINE_CHARS)));
        let location = text(fields.optional("location", &line(MAX_LINE_CHARS)));
        let description = text(fields.optional("description", &lines(MAX_TEXT_CHARS)));
        let profiles = fields.nested("socialMedia", false, |fields| Profiles::read(fields, RequestKind::Post));
        let values = Values {
            email: Some(Some(email?)),
            first_name,
            last_name,
            phone_number,
            company,
            position,
            location,
            description,
            ..Values::default()
        };
        let change = LeadChange { values, profiles: profiles.unwrap_or_default(), faults: Vec::new() };
        Some(Self { change, ..Self::default() })
    }

    /// Fills missing names from `name`: its last word is the last name.
    pub(in crate::domain) fn with_names_from(mut self, name: &str) -> Self {
        let values = &mut self.change.values;
        let (first, last) = name.trim().rsplit_once(char::is_whitespace).unwrap_or((name, ""));
        let short = |name: &str| {
            Some(name.trim().chars().take(MAX_NAME_CHARS).collect::<String>()).filter(|name| !name.is_empty())
        };
        values.first_name = values.first_name.take().or_else(|| short(first));
        values.last_name = values.last_name.take().or_else(|| short(last));
        self
    }

    /// The row of an item, with the item's faults.
    pub(in crate::domain) fn of(item: Item<Self>) -> Self {
        let mut row = item.read.unwrap_or_default();
        row.change.faults = item.faults;
        row
    }

    /// The row's address. `None` if it is absent or bad.
    pub fn email(&self) -> Option<&Email> {
        self.change.values.email.as_ref()?.as_ref()
    }

    /// Whether the row cannot be matched, because its address or the whole row is bad.
    pub fn is_unreadable(&self) -> bool {
        self.change.faults.iter().any(|fault| ["email", "leads"].contains(&fault.field.as_str()))
    }

    /// Bad fields that can be found without the team.
    pub fn faults(&self) -> &[FieldError] {
        &self.change.faults
    }

    /// Every bad field, an unknown status or business included.
    pub fn faults_in(&self, team: &Team) -> Vec<FieldError> {
        self.resolved(team).faults(team)
    }

    /// File name of an upload, or empty. `None` keeps the photo.
    pub fn photo(&self) -> Option<&str> {
        self.change.photo()
    }

    /// Names in the row that no business of the team has.
    pub fn unknown_businesses<'a>(&'a self, team: &'a Team) -> impl Iterator<Item = &'a str> {
        let names = self.businesses.iter().flatten().filter_map(|business| match business {
            BusinessReference::Name(name) => Some(name.as_str()),
            BusinessReference::Id(_) => None,
        });
        names.filter(|name| team.business_named(name).is_none())
    }

    /// The change, with names of status and businesses resolved to ids.
    fn resolved(&self, team: &Team) -> LeadChange {
        let mut change = self.change.clone();
        let mut fault = |field, fault| change.faults.push(FieldError::new(field, fault));
        let unknown: Vec<&str> = self.unknown_businesses(team).collect();
        if !unknown.is_empty() {
            fault("business", ErrorCode::UnknownBusiness.fault(unknown_names(&unknown)));
        }
        if let Some(name) = &self.status {
            let status = team.status_named(name).map(|status| status.id);
            if status.is_none() {
                fault("status", ErrorCode::UnknownStatus.fault(unknown_names(&[name])));
            }
            change.values.status_id = status;
        }
        let id = |business: &BusinessReference| match business {
            BusinessReference::Id(id) => Some(*id),
            BusinessReference::Name(name) => team.business_named(name).map(|business| business.id),
        };
        change.values.business = self.businesses.as_ref().map(|all| once_each(all.iter().filter_map(id)));
        change
    }

    /// An existing lead after this row.
    ///
    /// # Errors
    /// When a field is bad, naming every bad field, an unknown status or business included.
    pub fn apply(&self, lead: &Lead, team: &Team, over: WriteMode) -> Result<Lead, DomainError> {
        self.resolved(team).changed(lead, team, over)
    }

    /// The lead that the row creates. Absent fields are empty, the state is `Active`, and the status is the team's
    /// first.
    ///
    /// # Errors
    /// As [`LeadRow::apply`], and for a row without an address and a phone number.
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let change = self.resolved(team);
        let first = team.statuses.first().map(|status| status.id);
        let status = change.values.status_id.or(first).ok_or(DomainError::Impossible("a team without a status"))?;
        let new = Lead::new(id, None, change.values.state.unwrap_or(State::Active), status, at);
        change.changed(&new, team, WriteMode::Overwrite)
    }
}

/// The body of `PUT /leads/{id}`.
#[derive(Clone, Debug)]
pub struct LeadUpdate(
    /// The change.
    pub LeadChange,
);

impl RequestBody for LeadUpdate {
    const INVALID: &'static str = INVALID;

    fn read(body: impl BodyReader) -> Option<Self> {
        LeadChange::read(body, RequestKind::Put).map(Self)
    }
}

/// The body of `PATCH /leads/{id}`: a JSON Merge Patch (RFC 7396).
#[derive(Clone, Debug)]
pub struct LeadMerge(
    /// The change.
    pub LeadChange,
);

impl RequestBody for LeadMerge {
    const INVALID: &'static str = INVALID;

    fn read(body: impl BodyReader) -> Option<Self> {
        LeadChange::read(body, RequestKind::Patch).map(Self)
    }
}

fn lead_ids(fields: &mut impl ObjectReader) -> Option<BTreeSet<LeadId>> {
    let ids = fields.required("ids", &filled_list(MAX_BULK_IDS, positive()).describe("Duplicates count once."))?;
    Some(ids.into_iter().collect())
}

/// The body of PATCH /leads/archive, /leads/restore and DELETE /leads.
#[derive(Clone, Debug)]
pub struct LeadIds {
    /// 1-100 ids, without duplicates.
    pub ids: BTreeSet<LeadId>,
}

impl RequestBody for LeadIds {
    const INVALID: &'static str = "Invalid lead IDs";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| Some(Self { ids: lead_ids(fields)? }))
    }
}

/// The body of PUT /leads/change-status.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// 1-100 ids, without duplicates.
    pub ids: BTreeSet<LeadId>,
    /// The new status. The team may not have it.
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
