//! The bodies of the leads' endpoints (spec section 3), and what they do to a lead.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{FieldError, Fields, Input, filled, id, line, lines, list, one_of};
use super::{
    BusinessId, Derived, Email, Lead, LeadId, LeadSummary, PhotoName, Position, Refusal, SocialMedia, State, StatusId,
    Team, Timestamp,
};

const NAME: usize = 100;
const LINE: usize = 200;
const TEXT: usize = 10_000;
const PHONES: usize = 10;
const PHONE: usize = 32;
const BUSINESSES: usize = 10;
const IDS: usize = 100;
const STATES: &str = "Active, Inactive";
const INVALID: &str = "Invalid lead data";
/// What a read of a lead gives and nobody can write.
const READ_ONLY: &[&str] = &["id", "status", "archived", "createdAt", "updatedAt", "photoUrl"];

fn email(value: Value) -> Result<Email, String> {
    filled(usize::MAX)(value).and_then(|text| text.parse())
}

fn phones(value: Value) -> Result<Vec<String>, String> {
    list(PHONES, filled(PHONE))(value)
}

/// Ids, or businesses as they are answered.
fn businesses(value: Value) -> Result<Vec<BusinessId>, String> {
    let one = |value: Value| match value {
        Value::Object(mut business) => {
            business.remove("name");
            let known = id(BusinessId::new)(business.remove("id").unwrap_or_default());
            if business.is_empty() { known } else { Err("must be an id, or an object of id and name".into()) }
        }
        value => id(BusinessId::new)(value),
    };
    let mut ids = list(BUSINESSES, one)(value)?;
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

fn photo(value: Value) -> Result<String, String> {
    let name = line(LINE)(value)?;
    let plausible = name.is_empty() || name.parse::<PhotoName>().is_ok();
    if plausible { Ok(name) } else { Err(PhotoName::UNAVAILABLE.to_owned()) }
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

/// The fields of a lead, or of its profiles, in one form.
struct Reader<'e> {
    fields: Fields<'e>,
    form: Form,
}

impl Reader<'_> {
    /// A field's new value; `empty` is what clearing it leaves, where it can be cleared.
    fn field<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
        empty: impl Into<Option<T>>,
    ) -> Option<T> {
        match (self.form, self.fields.take(name)) {
            (Form::Post, None) => self.fields.refuse(name, "is required"),
            (Form::Put, None) => self.fields.refuse(name, "is required (null leaves it as it is)"),
            (Form::Patch, None) | (Form::Put, Some(Value::Null)) => None,
            (Form::Patch, Some(Value::Null)) => empty.into().or_else(|| self.fields.refuse(name, "cannot be cleared")),
            (_, Some(value)) => self.fields.read(name, value, read),
        }
    }

    /// A field that may be missing from any form.
    fn optional<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        self.fields.optional(name, read).flatten()
    }

    fn profiles(&mut self) -> SocialMediaChange {
        const NAME: &str = "socialMedia";
        match self.fields.take(NAME) {
            None => SocialMediaChange::default(),
            Some(Value::Null) if self.form == Form::Patch => SocialMediaChange::cleared(),
            Some(Value::Null) => SocialMediaChange::default(),
            Some(value) => {
                let form = self.form;
                let fields = Fields::nested(value, "socialMedia.", self.fields.errors());
                fields.map(|fields| SocialMediaChange::read(Reader { fields, form })).unwrap_or_default()
            }
        }
    }
}

/// `None` leaves a profile as it is.
#[derive(Clone, Debug, Default)]
struct SocialMediaChange {
    youtube: Option<String>,
    facebook: Option<String>,
    instagram: Option<String>,
    twitter: Option<String>,
}

impl SocialMediaChange {
    fn cleared() -> Self {
        let empty = || Some(String::new());
        Self { youtube: empty(), facebook: empty(), instagram: empty(), twitter: empty() }
    }

    fn read(mut reader: Reader<'_>) -> Self {
        let mut profile = |name: &str| match reader.form {
            Form::Patch => reader.field(name, line(LINE), String::new()),
            Form::Post | Form::Put => reader.optional(name, line(LINE)),
        };
        Self {
            youtube: profile("youtube"),
            facebook: profile("facebook"),
            instagram: profile("instagram"),
            twitter: profile("twitter"),
        }
    }

    fn apply(&self, to: &mut SocialMedia) {
        set(&mut to.youtube, &self.youtube);
        set(&mut to.facebook, &self.facebook);
        set(&mut to.instagram, &self.instagram);
        set(&mut to.twitter, &self.twitter);
    }
}

fn set<T: Clone>(field: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

/// New values of a lead's fields; `None` leaves one as it is. What is wrong is told with what only the team can tell.
#[derive(Clone, Debug)]
pub struct LeadChange {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<Email>,
    phone_number: Option<Vec<String>>,
    business: Option<Vec<BusinessId>>,
    /// The name of an upload, or empty.
    pub photo: Option<String>,
    state: Option<State>,
    status_id: Option<StatusId>,
    source: Option<String>,
    description: Option<String>,
    location: Option<String>,
    position: Option<String>,
    company: Option<String>,
    social_media: SocialMediaChange,
    faults: Vec<FieldError>,
}

impl LeadChange {
    fn read(body: Value, form: Form, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut faults = Vec::new();
        let mut reader = Reader { fields: Fields::of(body, READ_ONLY, errors)?, form };
        let change = Self {
            first_name: reader.field("firstName", filled(NAME), None),
            last_name: reader.field("lastName", filled(NAME), None),
            business: reader.field("business", businesses, Vec::new()),
            photo: reader.field("photo", photo, String::new()),
            state: reader.field("state", one_of(STATES), None),
            status_id: reader.field("statusId", id(StatusId::new), None),
            source: reader.field("source", line(LINE), String::new()),
            phone_number: reader.field("phoneNumber", phones, Vec::new()),
            email: match form {
                Form::Put => reader.optional("email", email),
                Form::Post | Form::Patch => reader.field("email", email, None),
            },
            description: reader.field("description", lines(TEXT), String::new()),
            location: reader.field("location", line(LINE), String::new()),
            position: reader.field("position", line(LINE), String::new()),
            company: reader.field("company", line(LINE), String::new()),
            social_media: reader.profiles(),
            faults: Vec::new(),
        };
        drop(reader);
        // Kept until the team is known: one answer names everything that is wrong.
        faults.append(errors);
        Some(Self { faults, ..change })
    }

    /// Whether something is wrong whatever the team is.
    pub fn is_invalid(&self) -> bool {
        !self.faults.is_empty()
    }

    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    fn check(&self, team: &Team, form: Form) -> Result<(), Refusal> {
        let mut faults = self.faults.clone();
        let status = self.status_id.filter(|status| team.status(*status).is_none());
        faults.extend(status.map(|_| FieldError::new("statusId", "is not a status of the team")));
        let unknown = self.business.iter().flatten().filter(|id| team.business(**id).is_none());
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
        set(&mut lead.first_name, &self.first_name);
        set(&mut lead.last_name, &self.last_name);
        set(&mut lead.email, &self.email);
        set(&mut lead.phone_number, &self.phone_number);
        set(&mut lead.business, &self.business);
        set(&mut lead.photo, &self.photo);
        set(&mut lead.state, &self.state);
        set(&mut lead.status_id, &self.status_id);
        set(&mut lead.company, &self.company);
        set(&mut lead.source, &self.source);
        set(&mut lead.description, &self.description);
        set(&mut lead.location, &self.location);
        set(&mut lead.position, &self.position);
        self.social_media.apply(&mut lead.social_media);
        lead.derive();
    }
}

/// The body of `POST /leads`.
#[derive(Clone, Debug)]
pub struct NewLead(LeadChange);

impl Input for NewLead {
    const INVALID: &'static str = INVALID;

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        LeadChange::read(body, Form::Post, errors).map(Self)
    }
}

impl NewLead {
    /// Whether something is wrong whatever the team is.
    pub fn is_invalid(&self) -> bool {
        self.0.is_invalid()
    }

    /// The name of an upload, or empty.
    pub fn photo(&self) -> &str {
        self.0.photo.as_deref().unwrap_or_default()
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
        let Self(LeadChange { email: Some(email), state: Some(state), status_id: Some(status_id), .. }) = self else {
            return Err(Refusal::Impossible("a new lead without its required fields is valid"));
        };
        let summary = LeadSummary {
            id,
            first_name: String::new(),
            last_name: String::new(),
            email: email.clone(),
            phone_number: Vec::new(),
            status_id: *status_id,
            business: Vec::new(),
            state: *state,
            photo: String::new(),
            company: String::new(),
            archived: false,
            created_at: at,
            sort_position: Position::new(at, id.get()),
        };
        let mut lead = Lead {
            derived: Derived::new(&summary, "", "", ""),
            summary,
            source: String::new(),
            description: String::new(),
            location: String::new(),
            position: String::new(),
            social_media: SocialMedia::default(),
            updated_at: at,
            written_at: at,
            version: 1,
            logs: 1,
            comments: 0,
            stale_words: Vec::new(),
        };
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

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        LeadChange::read(body, Form::Put, errors).map(Self)
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

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        LeadChange::read(body, Form::Patch, errors).map(Self)
    }
}

fn lead_ids(fields: &mut Fields<'_>) -> Option<BTreeSet<LeadId>> {
    let some = |ids: Vec<LeadId>| if ids.is_empty() { Err("must have 1 to 100 items".into()) } else { Ok(ids) };
    let ids = fields.required("ids", |value| list(IDS, id(LeadId::new))(value).and_then(some))?;
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

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        Some(Self { ids: lead_ids(&mut Fields::of(body, &[], errors)?)? })
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

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::of(body, &[], errors)?;
        let ids = lead_ids(&mut fields);
        let status_id = fields.required("statusId", id(StatusId::new));
        Some(Self { ids: ids?, status_id: status_id? })
    }
}
