//! The bodies of the leads' endpoints (spec section 3), and what they do to a lead.

use std::collections::BTreeSet;

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::fields::{Body, FieldError, Fields, Input, Item, Presence};
use super::rule::{List, Positive, Rule, Text, filled, filled_list, line, lines, list, one_of, positive};
use super::{BusinessId, Email, Lead, LeadId, PhotoName, Refusal, State, StatusId, Team, Timestamp};

const NAME: usize = 100;
const LINE: usize = 200;
const TEXT: usize = 10_000;
const PHONES: usize = 10;
const PHONE: usize = 32;
const IDS: usize = 100;
const INVALID: &str = "Invalid lead data";
/// What stands for a last name that nobody said.
const NO_NAME: &str = "-";
/// What a read of a lead gives and nobody can write.
const READ_ONLY: &[&str] = &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution"];

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

            fn write(&self, lead: &mut Lead, over: Over) {
                $(if let Some(value) = &self.$field
                    && (over == Over::Everything || lead.$($part).+.$field.is_unset())
                {
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

/// What a change is written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Whatever is there.
    Everything,
    /// Fields that are empty.
    EmptyFields,
}

/// Whether a field of a lead holds nothing yet.
trait Unset {
    fn is_unset(&self) -> bool;
}

impl Unset for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Unset for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

/// Of what every lead has.
macro_rules! never_unset {
    ($($type:ty),+) => {
        $(impl Unset for $type {
            fn is_unset(&self) -> bool {
                false
            }
        })+
    };
}

never_unset!(Email, State, StatusId);

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
pub(super) struct Businesses;

impl Businesses {
    const LIST: List<KnownBusiness> = list(Lead::MAX_BUSINESSES, KnownBusiness);
}

fn once_each<T: Copy + Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|one| seen.insert(*one)).collect()
}

impl Rule for Businesses {
    type Value = Vec<BusinessId>;

    fn read(&self, value: Value) -> Result<Vec<BusinessId>, String> {
        Self::LIST.read(value).map(once_each)
    }

    fn schema(&self) -> Schema {
        Self::LIST.schema()
    }
}

/// A business of the team, or the name of one.
#[derive(Clone, Debug)]
enum BusinessReference {
    Id(BusinessId),
    Name(String),
}

/// [`KnownBusiness`], or the name of one.
struct NamedBusiness;

const NAMED_BUSINESSES: List<NamedBusiness> = list(Lead::MAX_BUSINESSES, NamedBusiness);

impl Rule for NamedBusiness {
    type Value = BusinessReference;

    fn read(&self, value: Value) -> Result<BusinessReference, String> {
        match value {
            Value::String(_) => filled(NAME).read(value).map(BusinessReference::Name),
            value => KnownBusiness.read(value).map(BusinessReference::Id),
        }
    }

    fn schema(&self) -> Schema {
        json_schema!({ "anyOf": [filled(NAME).about("Its name.").schema(), KnownBusiness.schema()] })
    }
}

/// Phone numbers of a visitor: one, or several.
struct Phones;

impl Phones {
    const LIST: List<Text> = list(PHONES, line(PHONE));
}

impl Rule for Phones {
    type Value = Vec<String>;

    fn read(&self, value: Value) -> Result<Vec<String>, String> {
        let value = if value.is_string() { Value::Array(vec![value]) } else { value };
        let mut phones = Self::LIST.read(value)?;
        phones.retain(|phone| !phone.is_empty());
        Ok(phones)
    }

    fn schema(&self) -> Schema {
        json_schema!({ "anyOf": [line(PHONE).schema(), Self::LIST.schema()] })
    }
}

/// An id, or a business as it is answered.
struct KnownBusiness;

impl KnownBusiness {
    const ID: Positive<BusinessId> = positive();
}

impl Rule for KnownBusiness {
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
#[derive(Clone, Debug, Default)]
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
        let Values { status_id: status, business, .. } = &self.values;
        let mut faults = self.faults.clone();
        faults.extend(team.unknown(*status, business.as_deref()));
        let status = status.filter(|status| team.status(*status).is_none());
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
        self.write(&mut after, Over::Everything);
        Ok(after)
    }

    fn write(&self, lead: &mut Lead, over: Over) {
        self.values.write(lead, over);
        self.profiles.write(lead, over);
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
        self.0.write(&mut lead, Over::Everything);
        Ok(lead)
    }
}

/// A row of `POST /leads/batch`: a lead as PATCH takes it, found by its address. What is wrong with it is its own.
#[derive(Clone, Debug)]
pub struct LeadRow {
    change: LeadChange,
    businesses: Option<Vec<BusinessReference>>,
}

impl LeadRow {
    /// What a read of a lead gives and no row can write.
    pub(super) const READ_ONLY: &'static [&'static str] = READ_ONLY;

    pub(super) fn read(fields: &mut impl Fields) -> Self {
        let email = fields.required("email", &Address);
        let businesses = fields.field("business", &NAMED_BUSINESSES, Presence::Merged(Some(Vec::new()))).flatten();
        let values = Values { email, ..Values::read(fields, Form::Patch) };
        let profiles = fields.nested("socialMedia", true, |fields| Profiles::read(fields, Form::Patch));
        let change = LeadChange { values, profiles: profiles.unwrap_or_default(), faults: Vec::new() };
        Self { change, businesses }
    }

    /// What a visitor may say of a lead in a form, where a field that is left empty is sent all the same.
    pub(super) fn read_of_visitor(fields: &mut impl Fields) -> Option<Self> {
        let email = fields.required("email", &Address);
        let text = |text: Option<Option<String>>| text.flatten().filter(|text| !text.is_empty());
        let first_name = text(fields.optional("firstName", &line(NAME)));
        let last_name = text(fields.optional("lastName", &line(NAME)));
        let phone_number = fields.optional("phoneNumber", &Phones).flatten();
        let company = text(fields.optional("company", &line(LINE)));
        let position = text(fields.optional("position", &line(LINE)));
        let location = text(fields.optional("location", &line(LINE)));
        let description = text(fields.optional("description", &lines(TEXT)));
        let profiles = fields.nested("socialMedia", false, |fields| Profiles::read(fields, Form::Post));
        let values = Values {
            email: Some(email?),
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
        Some(Self { change, businesses: None })
    }

    /// The same with names where it has none: of `name` the last word is the last name, and who gives none at all is
    /// called by their address.
    pub(super) fn named(mut self, name: &str) -> Self {
        let values = &mut self.change.values;
        let local = values.email.as_ref().map(Email::local_part).unwrap_or_default();
        let whole = if name.trim().is_empty() { local } else { name.trim() };
        let (first, last) = whole.rsplit_once(char::is_whitespace).unwrap_or((whole, NO_NAME));
        let short = |name: &str| name.trim().chars().take(NAME).collect::<String>();
        values.first_name.get_or_insert_with(|| short(first));
        values.last_name.get_or_insert_with(|| short(last));
        self
    }

    /// The row that was read, with what was wrong with it.
    pub(super) fn of(item: Item<Self>) -> Self {
        let nothing = || Self { change: LeadChange::default(), businesses: None };
        let mut row = item.read.unwrap_or_else(nothing);
        row.change.faults = item.faults;
        row
    }

    /// Its address; `None` when that is bad.
    pub fn email(&self) -> Option<&Email> {
        self.change.values.email.as_ref()
    }

    /// What is wrong with it whatever the team is.
    pub fn faults(&self) -> &[FieldError] {
        &self.change.faults
    }

    /// The name of an upload, or empty; `None` leaves the photo as it is.
    pub fn photo(&self) -> Option<&str> {
        self.change.photo()
    }

    /// Names of businesses that the team does not have.
    pub fn unknown_businesses<'a>(&'a self, team: &'a Team) -> impl Iterator<Item = &'a str> {
        let names = self.businesses.iter().flatten().filter_map(|business| match business {
            BusinessReference::Name(name) => Some(name.as_str()),
            BusinessReference::Id(_) => None,
        });
        names.filter(|name| team.business_named(name).is_none())
    }

    /// The change with its businesses by id.
    fn resolved(&self, team: &Team) -> LeadChange {
        let mut change = self.change.clone();
        let unknown: Vec<&str> = self.unknown_businesses(team).collect();
        if !unknown.is_empty() {
            change.faults.push(FieldError::new("business", format!("unknown: {}", unknown.join(", "))));
        }
        let id = |business: &BusinessReference| match business {
            BusinessReference::Id(id) => Some(*id),
            BusinessReference::Name(name) => team.business_named(name).map(|business| business.id),
        };
        change.values.business = self.businesses.as_ref().map(|all| once_each(all.iter().filter_map(id)));
        change
    }

    /// A lead that is there after this row.
    ///
    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    pub fn apply(&self, lead: &Lead, team: &Team, over: Over) -> Result<Lead, Refusal> {
        let change = self.resolved(team);
        change.check(team, Form::Patch)?;
        let mut after = lead.clone();
        change.write(&mut after, over);
        Ok(after)
    }

    /// The lead that this row creates: what it does not say is empty, active, and of the first status.
    ///
    /// # Errors
    /// The same, and for a name that is missing.
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, Refusal> {
        let mut change = self.resolved(team);
        for (name, value) in [("firstName", &change.values.first_name), ("lastName", &change.values.last_name)] {
            let named = change.faults.iter().any(|fault| fault.field == name);
            if value.is_none() && !named {
                change.faults.push(FieldError::new(name, "is required of a new lead"));
            }
        }
        change.check(team, Form::Patch)?;
        let first = team.statuses.first().map(|status| status.id);
        let Values { email: Some(email), state, status_id, .. } = &change.values else {
            return Err(Refusal::Impossible("a row without an address is valid"));
        };
        let status = status_id.or(first).ok_or(Refusal::Impossible("a team without a status"))?;
        let mut lead = Lead::new(id, email.clone(), state.unwrap_or(State::Active), status, at);
        change.write(&mut lead, Over::Everything);
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
