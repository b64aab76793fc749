//! The bodies of the leads' endpoints (spec section 3), and what they do to a lead.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::fields::{FieldError, Fields, Input, filled, id, line, lines, list, one_of};
use super::{BusinessId, Email, Lead, LeadId, LeadSummary, SocialMedia, State, StatusId};

const NAME: usize = 100;
const LINE: usize = 200;
const TEXT: usize = 10_000;
const PHONES: usize = 10;
const PHONE: usize = 32;
const BUSINESSES: usize = 10;
const IDS: usize = 100;
const STATES: &str = "Active, Inactive";

fn email(value: Value) -> Result<Email, String> {
    filled(usize::MAX)(value).and_then(|text| text.parse())
}

fn phones(value: Value) -> Result<Vec<String>, String> {
    list(PHONES, filled(PHONE))(value)
}

fn businesses(value: Value) -> Result<Vec<BusinessId>, String> {
    let mut ids = list(BUSINESSES, id(BusinessId::new))(value)?;
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
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
    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::nested(body, "socialMedia.", errors)?;
        let youtube = fields.optional("youtube", line(LINE));
        let facebook = fields.optional("facebook", line(LINE));
        let instagram = fields.optional("instagram", line(LINE));
        let twitter = fields.optional("twitter", line(LINE));
        Some(Self { youtube: youtube?, facebook: facebook?, instagram: instagram?, twitter: twitter? })
    }

    fn apply(self, to: &mut SocialMedia) {
        set(&mut to.youtube, self.youtube);
        set(&mut to.facebook, self.facebook);
        set(&mut to.instagram, self.instagram);
        set(&mut to.twitter, self.twitter);
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// The body of `POST /leads`.
#[derive(Clone, Debug)]
pub struct NewLead {
    /// See [`LeadSummary`] and [`Lead`] for this and the others.
    pub first_name: String,
    /// 1-100 characters.
    pub last_name: String,
    /// See [`Email`].
    pub email: Email,
    /// At most 10.
    pub phone_number: Vec<String>,
    /// At most 10, none twice; whether the team has them is not known yet.
    pub business: Vec<BusinessId>,
    /// Whether it was uploaded is not known yet; may be empty.
    pub photo: String,
    /// See [`State`].
    pub state: State,
    /// Whether the team has it is not known yet.
    pub status_id: StatusId,
    /// May be empty, like those below.
    pub source: String,
    /// At most 10,000 characters.
    pub description: String,
    /// At most 200 characters.
    pub location: String,
    /// At most 200 characters.
    pub position: String,
    /// At most 200 characters.
    pub company: String,
    /// See [`SocialMedia`].
    pub social_media: SocialMedia,
}

impl Input for NewLead {
    const INVALID: &'static str = "Invalid lead data";

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::of(body, errors)?;
        let first_name = fields.required("firstName", filled(NAME));
        let last_name = fields.required("lastName", filled(NAME));
        let business = fields.required("business", businesses);
        let photo = fields.required("photo", line(LINE));
        let state = fields.required("state", one_of(STATES));
        let status_id = fields.required("statusId", id(StatusId::new));
        let source = fields.required("source", line(LINE));
        let phone_number = fields.required("phoneNumber", phones);
        let email = fields.required("email", email);
        let description = fields.required("description", lines(TEXT));
        let location = fields.required("location", line(LINE));
        let position = fields.required("position", line(LINE));
        let company = fields.required("company", line(LINE));
        let profiles = fields.object("socialMedia", SocialMediaChange::read);
        let mut social_media = SocialMedia::default();
        profiles?.unwrap_or_default().apply(&mut social_media);
        Some(Self {
            first_name: first_name?,
            last_name: last_name?,
            email: email?,
            phone_number: phone_number?,
            business: business?,
            photo: photo?,
            state: state?,
            status_id: status_id?,
            source: source?,
            description: description?,
            location: location?,
            position: position?,
            company: company?,
            social_media,
        })
    }
}

impl NewLead {
    /// The lead that this becomes, with its first log entry.
    pub fn into_lead(self, id: LeadId, at: Timestamp) -> Lead {
        Lead {
            summary: LeadSummary {
                id,
                first_name: self.first_name,
                last_name: self.last_name,
                email: self.email,
                phone_number: self.phone_number,
                status_id: self.status_id,
                business: self.business,
                state: self.state,
                photo: self.photo,
                company: self.company,
                archived: false,
                created_at: at,
            },
            source: self.source,
            description: self.description,
            location: self.location,
            position: self.position,
            social_media: self.social_media,
            updated_at: at,
            version: 1,
            logs: 1,
            comments: 0,
            stale_words: Vec::new(),
        }
    }
}

/// The body of `PUT /leads/{id}`: `None` leaves a field as it is.
#[derive(Clone, Debug)]
pub struct LeadChange {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<Email>,
    phone_number: Option<Vec<String>>,
    /// Whether the team has them is not known yet.
    pub business: Option<Vec<BusinessId>>,
    /// Whether it is an upload's name is not known yet.
    pub photo: Option<String>,
    state: Option<State>,
    /// Whether the team has it is not known yet.
    pub status_id: Option<StatusId>,
    source: Option<String>,
    description: Option<String>,
    location: Option<String>,
    position: Option<String>,
    company: Option<String>,
    social_media: SocialMediaChange,
}

impl Input for LeadChange {
    const INVALID: &'static str = "Invalid lead data";

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::of(body, errors)?;
        let first_name = fields.nullable("firstName", filled(NAME));
        let last_name = fields.nullable("lastName", filled(NAME));
        let business = fields.nullable("business", businesses);
        let photo = fields.nullable("photo", line(LINE));
        let state = fields.nullable("state", one_of(STATES));
        let status_id = fields.nullable("statusId", id(StatusId::new));
        let source = fields.nullable("source", line(LINE));
        let phone_number = fields.nullable("phoneNumber", phones);
        let email = fields.optional("email", email);
        let description = fields.nullable("description", lines(TEXT));
        let location = fields.nullable("location", line(LINE));
        let position = fields.nullable("position", line(LINE));
        let company = fields.nullable("company", line(LINE));
        let social_media = fields.object("socialMedia", SocialMediaChange::read);
        Some(Self {
            first_name: first_name?,
            last_name: last_name?,
            email: email?,
            phone_number: phone_number?,
            business: business?,
            photo: photo?,
            state: state?,
            status_id: status_id?,
            source: source?,
            description: description?,
            location: location?,
            position: position?,
            company: company?,
            social_media: social_media?.unwrap_or_default(),
        })
    }
}

impl LeadChange {
    /// The lead after this change; its version and times are the caller's.
    pub fn apply(self, lead: &Lead) -> Lead {
        let mut after = lead.clone();
        set(&mut after.first_name, self.first_name);
        set(&mut after.last_name, self.last_name);
        set(&mut after.email, self.email);
        set(&mut after.phone_number, self.phone_number);
        set(&mut after.business, self.business);
        set(&mut after.photo, self.photo);
        set(&mut after.state, self.state);
        set(&mut after.status_id, self.status_id);
        set(&mut after.company, self.company);
        set(&mut after.source, self.source);
        set(&mut after.description, self.description);
        set(&mut after.location, self.location);
        set(&mut after.position, self.position);
        self.social_media.apply(&mut after.social_media);
        after
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
        Some(Self { ids: lead_ids(&mut Fields::of(body, errors)?)? })
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
        let mut fields = Fields::of(body, errors)?;
        let ids = lead_ids(&mut fields);
        let status_id = fields.required("statusId", id(StatusId::new));
        Some(Self { ids: ids?, status_id: status_id? })
    }
}
