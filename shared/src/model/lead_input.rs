//! The bodies of the leads' endpoints (spec section 3), and what they do to a lead.

use std::collections::BTreeSet;

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::fields::{Body, FieldError, Fields, Input, Presence};
use super::rule::{List, Positive, Rule, filled, filled_list, line, lines, list, one_of, positive};
use super::{BusinessId, Email, Lead, LeadId, PhotoName, Refusal, State, StatusId, Team, Timestamp};

const NAME: usize = 100;
const LINE: usize = 200;
const TEXT: usize = 10_000;
const PHONES: usize = 10;
const PHONE: usize = 32;
const BUSINESSES: usize = 10;
const IDS: usize = 100;
const INVALID: &str = "Invalid lead data";
/// What a read of a lead gives and nobody can write.
const READ_ONLY: &[&str] = &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl"];

/// Makes a change of the fields that it is given: each a field of a [`Lead`], where that is, its type, and what a request
/// may say of it.
macro_rules! change {
    ($(#[$doc:meta])* $name:ident { $($field:ident in $($part:ident).+: $type:ty = $rule:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        struct $name {
            $($field: Option<$type>,)+
        }

        impl $name {
            fn read(fields: &mut impl Fields, form: Form) -> Self {
                Self { $($field: $rule.read(fields, form),)+ }
            }

            fn write(&self, lead: &mut Lead) {
                $(if let Some(value) = &self.$field {
                    lead.$($part).+.$field.clone_from(value);
                })+
            }
        }
    };
}

change! {
    /// Every field of a lead that a request can give it; `None` leaves it as it is.
    Values {
        first_name in summary: String = field("firstName", filled(NAME));
        last_name in summary: String = field("lastName", filled(NAME));
        email in summary: Email = field("email", Address).or_left_out_of_put();
        phone_number in summary: Vec<String> = field("phoneNumber", list(PHONES, filled(PHONE))).or_empty();
        business in summary: Vec<BusinessId> = field("business", Businesses).or_empty();
        photo in summary: String = field("photo", Upload).or_empty();
        state in summary: State = field("state", one_of());
        status_id in summary: StatusId = field("statusId", positive::<StatusId>().about("One of the team's."));
        company in summary: String = field("company", line(LINE)).or_empty();
        source in details: String = field("source", line(LINE).about("Where the lead came from.")).or_empty();
        description in details: String = field("description", lines(TEXT)).or_empty();
        location in details: String = field("location", line(LINE)).or_empty();
        position in details: String = field("position", line(LINE).about("In the company.")).or_empty();
    }
}

change! {
    /// The same of a lead's profiles elsewhere.
    Profiles {
        youtube in details.social_media: String = field("youtube", line(LINE)).or_empty().or_left_out();
        facebook in details.social_media: String = field("facebook", line(LINE)).or_empty().or_left_out();
        instagram in details.social_media: String = field("instagram", line(LINE)).or_empty().or_left_out();
        twitter in details.social_media: String = field("twitter", line(LINE)).or_empty().or_left_out();
    }
}

/// Which request a body is of: what must be there, and what `null` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Everything must be there.
    Post,
    /// Everything must be there, and `null` leaves it as it is.
    Put,
    /// What is not there is left as it is, and `null` clears (RFC 7396).
    Patch,
}

/// What a request may say of one field of a lead.
struct Field<R: Rule> {
    name: &'static str,
    rule: R,
    /// What clearing it leaves, where it can be cleared.
    empty: Option<R::Value>,
    /// The forms that it must be in.
    demanded_by: &'static [Form],
}

/// A field that must be in every POST and PUT, and cannot be cleared.
fn field<R: Rule>(name: &'static str, rule: R) -> Field<R> {
    Field { name, rule, empty: None, demanded_by: &[Form::Post, Form::Put] }
}

impl<R: Rule> Field<R> {
    /// It can be cleared.
    fn or_empty(self) -> Self
    where
        R::Value: Default,
    {
        Self { empty: Some(R::Value::default()), ..self }
    }

    /// It need not be in a PUT.
    fn or_left_out_of_put(self) -> Self {
        Self { demanded_by: &[Form::Post], ..self }
    }

    /// It need not be in any request.
    fn or_left_out(self) -> Self {
        Self { demanded_by: &[], ..self }
    }

    fn read(self, fields: &mut impl Fields, form: Form) -> Option<R::Value> {
        let presence = match (form, self.demanded_by.contains(&form)) {
            (Form::Patch, _) => Presence::Merged(self.empty),
            (_, false) => Presence::Optional,
            (Form::Post, true) => Presence::Required,
            (Form::Put, true) => Presence::Nullable,
        };
        fields.field(self.name, &self.rule, presence).flatten()
    }
}

/// An e-mail address.
struct Address;

impl Rule for Address {
    type Value = Email;

    fn read(&self, value: Value) -> Result<Email, String> {
        filled(usize::MAX).read(value).and_then(|text| text.parse())
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": Email::FORMAT,
            "minLength": 1,
            "maxLength": Email::MAX,
            "description": "Unique in the team, whatever its case.",
        })
    }
}

/// Ids, or businesses as they are answered; duplicates count once.
struct Businesses;

impl Businesses {
    const LIST: List<BusinessReference> = list(BUSINESSES, BusinessReference);
}

impl Rule for Businesses {
    type Value = Vec<BusinessId>;

    fn read(&self, value: Value) -> Result<Vec<BusinessId>, String> {
        let mut ids = Self::LIST.read(value)?;
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }

    fn schema(&self) -> Schema {
        Self::LIST.schema()
    }
}

/// An id, or a business as it is answered.
struct BusinessReference;

impl BusinessReference {
    const ID: Positive<BusinessId> = positive();
}

impl Rule for BusinessReference {
    type Value = BusinessId;

    fn read(&self, value: Value) -> Result<BusinessId, String> {
        match value {
            Value::Object(mut business) => {
                business.remove("name");
                let known = Self::ID.read(business.remove("id").unwrap_or_default());
                if business.is_empty() { known } else { Err("must be an id, or an object of id and name".into()) }
            }
            value => Self::ID.read(value),
        }
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "description": "An id, or a business as it is answered, whose name has no effect.",
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

/// The name of an upload, or empty.
struct Upload;

impl Rule for Upload {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, String> {
        let name = line(LINE).read(value)?;
        let plausible = name.is_empty() || name.parse::<PhotoName>().is_ok();
        if plausible { Ok(name) } else { Err(PhotoName::UNAVAILABLE.to_owned()) }
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": PhotoName::MAX,
            "description": "The file name of an upload that no other lead has, or empty.",
        })
    }
}

/// New values of a lead's fields. What is wrong is told with what only the team can tell.
#[derive(Clone, Debug)]
pub struct LeadChange {
    values: Values,
    profiles: Profiles,
    faults: Vec<FieldError>,
}

impl LeadChange {
    fn read(body: impl Body, form: Form) -> Option<Self> {
        let ((values, profiles), faults) = body.deferred(READ_ONLY, |fields| {
            let values = Values::read(fields, form);
            (values, fields.nested("socialMedia", form == Form::Patch, |fields| Profiles::read(fields, form)))
        })?;
        Some(Self { values, profiles: profiles.unwrap_or_default(), faults })
    }

    /// Whether something is wrong whatever the team is.
    pub fn is_invalid(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The name of an upload, or empty; `None` leaves the photo as it is.
    pub fn photo(&self) -> Option<&str> {
        self.values.photo.as_deref()
    }

    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    fn check(&self, team: &Team, form: Form) -> Result<(), Refusal> {
        let mut faults = self.faults.clone();
        let status = self.values.status_id.filter(|status| team.status(*status).is_none());
        faults.extend(status.map(|_| FieldError::new("statusId", "is not a status of the team")));
        let unknown = self.values.business.iter().flatten().filter(|id| team.business(**id).is_none());
        let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
        if !unknown.is_empty() {
            faults.push(FieldError::new("business", format!("unknown: {}", unknown.join(", "))));
        }
        match faults.len() {
            0 => Ok(()),
            1 if status.is_some() && form == Form::Post => Err(Refusal::NoStatusForLead(faults)),
            _ => Err(Refusal::InvalidLead(faults)),
        }
    }

    /// The lead after this change; its version and times are the caller's.
    ///
    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    pub fn apply(&self, lead: &Lead, team: &Team) -> Result<Lead, Refusal> {
        self.check(team, Form::Put)?;
        let mut after = lead.clone();
        self.write(&mut after);
        Ok(after)
    }

    fn write(&self, lead: &mut Lead) {
        self.values.write(lead);
        self.profiles.write(lead);
        lead.derive();
    }
}

/// The body of `POST /leads`.
#[derive(Clone, Debug)]
pub struct NewLead(LeadChange);

impl Input for NewLead {
    const INVALID: &'static str = INVALID;

    fn read(body: impl Body) -> Option<Self> {
        LeadChange::read(body, Form::Post).map(Self)
    }
}

impl NewLead {
    /// Whether something is wrong whatever the team is.
    pub fn is_invalid(&self) -> bool {
        self.0.is_invalid()
    }

    /// The name of an upload, or empty.
    pub fn photo(&self) -> &str {
        self.0.photo().unwrap_or_default()
    }

    /// # Errors
    /// With every bad field, an unknown status included.
    pub fn check(&self, team: &Team) -> Result<(), Refusal> {
        self.0.check(team, Form::Post)
    }

    /// The lead that this becomes, with its first log entry.
    ///
    /// # Errors
    /// Those of [`NewLead::check`].
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, Refusal> {
        self.check(team)?;
        let Values { email: Some(email), state: Some(state), status_id: Some(status_id), .. } = &self.0.values else {
            return Err(Refusal::Impossible("a new lead without its required fields is valid"));
        };
        let mut lead = Lead::new(id, email.clone(), *state, *status_id, at);
        self.0.write(&mut lead);
        Ok(lead)
    }
}

/// The body of `PUT /leads/{id}`.
#[derive(Clone, Debug)]
pub struct LeadUpdate(
    /// What it changes.
    pub LeadChange,
);

impl Input for LeadUpdate {
    const INVALID: &'static str = INVALID;

    fn read(body: impl Body) -> Option<Self> {
        LeadChange::read(body, Form::Put).map(Self)
    }
}

/// The body of `PATCH /leads/{id}`: a JSON Merge Patch (RFC 7396).
#[derive(Clone, Debug)]
pub struct LeadMerge(
    /// What it changes.
    pub LeadChange,
);

impl Input for LeadMerge {
    const INVALID: &'static str = INVALID;

    fn read(body: impl Body) -> Option<Self> {
        LeadChange::read(body, Form::Patch).map(Self)
    }
}

fn lead_ids(fields: &mut impl Fields) -> Option<BTreeSet<LeadId>> {
    let ids = fields.required("ids", &filled_list(IDS, positive()).about("Duplicates count once."))?;
    Some(ids.into_iter().collect())
}

/// The body of PATCH /leads/archive, /leads/restore and DELETE /leads.
#[derive(Clone, Debug)]
pub struct LeadIds {
    /// 1-100 of them, each once.
    pub ids: BTreeSet<LeadId>,
}

impl Input for LeadIds {
    const INVALID: &'static str = "Invalid lead IDs";

    fn read(body: impl Body) -> Option<Self> {
        body.object(&[], |fields| Some(Self { ids: lead_ids(fields)? }))
    }
}

/// The body of PUT /leads/change-status.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// 1-100 of them, each once.
    pub ids: BTreeSet<LeadId>,
    /// Whether the team has it is not known yet.
    pub status_id: StatusId,
}

impl Input for StatusChange {
    const INVALID: &'static str = "Invalid status change";

    fn read(body: impl Body) -> Option<Self> {
        body.object(&[], |fields| {
            let (ids, status_id) = (lead_ids(fields), fields.required("statusId", &positive()));
            Some(Self { ids: ids?, status_id: status_id? })
        })
    }
}
