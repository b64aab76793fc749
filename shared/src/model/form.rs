//! Forms: leads from outside (spec section 11), and what an owner sets up for them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::uri::Authority;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api_key::owner;
use super::fields::{Body, FieldError, Fields as _, Input};
use super::lead_input::Businesses;
use super::network::has_valid_port;
use super::rule::{Rule, boolean, filled, line, list, positive};
use super::{
    Agent, AgentName, Business, BusinessId, ErrorCode, Fault, FormId, Refusal, StatusId, Team, TeamId, Timestamp, User,
};

/// The longest redirect or page, in characters.
pub(super) const URL: usize = 2000;
const ORIGINS: usize = 20;

/// A form of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// Sequential in the team.
    pub id: FormId,
    /// What a page posts to; public, and not to be guessed.
    pub key: FormKey,
    /// 1-100 characters.
    pub name: String,
    /// The status of its leads.
    pub status_id: StatusId,
    /// The businesses of its leads.
    pub business: Vec<BusinessId>,
    /// The source of its leads.
    pub source: String,
    /// Origins of pages that may post; every one when there is none.
    pub allowed_origins: Vec<String>,
    /// Where a browser goes that has posted a form; nowhere when it is empty.
    pub redirect_url: String,
    /// Whether anyone may post.
    pub active: bool,
    /// Who created it, and is named by what it writes.
    pub created_by: User,
    /// When it was created.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

impl Form {
    /// Most forms of a team (spec section 11).
    pub const MAX: u64 = 50;

    /// Names of fields that its page sends and no lead has, as the owner sees them at most (spec section 11).
    pub const MAX_IGNORED: usize = 10;

    /// Whether a page of this origin may post, `None` being none that says so.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        self.allowed_origins.is_empty()
            || origin.is_some_and(|origin| self.allowed_origins.iter().any(|one| one == origin))
    }

    /// How the log names it.
    pub fn agent(&self) -> Agent {
        Agent::Form(AgentName { id: self.id.get(), name: self.name.clone() })
    }
}

/// The public key of a form: `lf_team.id.random`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct FormKey(String);

impl FormKey {
    const PREFIX: &'static str = "lf_";

    /// The key of a form; `random` are 128 bits that nobody can guess.
    pub fn new(team: &TeamId, id: FormId, random: [u8; 16]) -> Self {
        Self(format!("{}{}.{id}.{}", Self::PREFIX, team.as_str(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// As it stands in a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key as it was sent, and the form that it names; `None` for what is none.
    pub fn parse(text: &str) -> Option<(Self, TeamId, FormId)> {
        let (team, id) = owner(Self::PREFIX, text)?;
        Some((Self(text.to_owned()), team, id))
    }
}

/// How often a form was posted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FormStatistics {
    /// Those that were accepted.
    pub submissions: u64,
    /// Those that only a machine fills in so.
    pub spam: u64,
    /// The last that was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_submitted_at: Option<Timestamp>,
    /// Names of fields that were sent and no lead has, the last first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

impl FormStatistics {
    /// The last names of fields that are ignored, with these; `None` when they are there already.
    pub fn with_ignored(&self, names: &[String]) -> Option<Vec<String>> {
        if names.iter().all(|name| self.ignored.contains(name)) {
            return None;
        }
        let others = self.ignored.iter().filter(|name| !names.contains(name));
        Some(names.iter().chain(others).take(Form::MAX_IGNORED).cloned().collect())
    }
}

/// The body of `POST /forms` and `PUT /forms/{id}`; what is not there is as it was, or as it is of a new form.
#[derive(Clone, Debug)]
pub struct FormInput {
    name: Option<String>,
    status_id: Option<StatusId>,
    business: Option<Vec<BusinessId>>,
    source: Option<String>,
    allowed_origins: Option<Vec<String>>,
    redirect_url: Option<String>,
    active: Option<bool>,
    /// Bad fields that the body alone shows.
    faults: Vec<FieldError>,
}

impl Input for FormInput {
    const INVALID: &'static str = "Invalid form data";

    fn read(body: impl Body) -> Option<Self> {
        let read_only = &["id", "key", "submissions", "spam", "lastSubmittedAt", "ignored", "createdBy", "createdAt"];
        let (input, faults) = body.deferred(read_only, |fields| {
            let name = fields.required("name", &filled(100));
            let status = positive::<StatusId>().about("The status of its leads: the first in order, unless given.");
            let status_id = fields.optional("statusId", &status);
            let business = Businesses.about("The businesses of its leads.");
            let business = fields.optional("business", &business);
            let source = fields.optional("source", &line(200).about("The source of its leads."));
            let origins = list(ORIGINS, Origin).about("Origins of pages that may post; every one when there is none.");
            let allowed_origins = fields.optional("allowedOrigins", &origins);
            let redirect_url = fields.optional("redirectUrl", &Redirect);
            let active = fields.optional("active", &boolean("Whether anyone may post; unless given, yes."));
            Self {
                name,
                status_id: status_id.flatten(),
                business: business.flatten(),
                source: source.flatten(),
                allowed_origins: allowed_origins.flatten(),
                redirect_url: redirect_url.flatten(),
                active: active.flatten(),
                faults: Vec::new(),
            }
        })?;
        Some(Self { faults, ..input })
    }
}

impl FormInput {
    /// The form that this becomes.
    ///
    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    pub fn to_form(&self, team: &Team, key: FormKey, id: FormId, by: &User, at: Timestamp) -> Result<Form, Refusal> {
        let first = team.statuses.first().map(|status| status.id);
        let form = Form {
            id,
            key,
            name: String::new(),
            status_id: first.ok_or(Refusal::Impossible("a team without a status"))?,
            business: Vec::new(),
            source: String::new(),
            allowed_origins: Vec::new(),
            redirect_url: String::new(),
            active: true,
            created_by: by.clone(),
            created_at: at,
            version: 0,
        };
        self.apply(&form, team)
    }

    /// A form after this change.
    ///
    /// # Errors
    /// With every bad field, a status or business that the team does not have included.
    pub fn apply(&self, form: &Form, team: &Team) -> Result<Form, Refusal> {
        // A status that was deleted since may be sent back as it was stored.
        let new_status = self.status_id.filter(|status| *status != form.status_id);
        let mut faults = self.faults.clone();
        faults.extend(team.unknown(new_status, self.business.as_deref()));
        if !faults.is_empty() {
            return Err(Refusal::InvalidForm(faults));
        }
        Ok(Form {
            name: self.name.clone().unwrap_or_else(|| form.name.clone()),
            status_id: team.status_or_first(new_status.unwrap_or(form.status_id)),
            business: self.business.clone().unwrap_or_else(|| form.business.clone()),
            source: self.source.clone().unwrap_or_else(|| form.source.clone()),
            allowed_origins: self.allowed_origins.clone().unwrap_or_else(|| form.allowed_origins.clone()),
            redirect_url: self.redirect_url.clone().unwrap_or_else(|| form.redirect_url.clone()),
            active: self.active.unwrap_or(form.active),
            version: form.version + 1,
            ..form.clone()
        })
    }
}

/// Whether this is the URL of a page, and what stands behind its host.
fn page(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let authority: Authority = host.parse().ok()?;
    let is_plain = host.chars().all(plain) && !authority.host().is_empty() && has_valid_port(&authority);
    (is_plain && !url.contains(char::is_whitespace)).then(|| &rest[host.len()..])
}

/// The origin of a page (RFC 6454), as browsers send it.
struct Origin;

impl Rule for Origin {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, Fault> {
        let text = filled(200).read(value)?.to_lowercase();
        let origin = text.strip_suffix('/').unwrap_or(&text);
        if page(origin) == Some("") {
            Ok(origin.to_owned())
        } else {
            Err(ErrorCode::InvalidFormat.fault("must be an origin, as https://example.com"))
        }
    }

    fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9.:\\[\\]-]+/?$" })
    }
}

/// Where a browser goes.
struct Redirect;

impl Rule for Redirect {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, Fault> {
        let url = line(URL).read(value)?;
        let whole = url.is_empty() || (page(&url).is_some() && url.is_ascii());
        let fault = || ErrorCode::InvalidFormat.fault("must be a URL with https:// or http://, or empty");
        whole.then_some(url).ok_or_else(fault)
    }

    fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": URL,
            "description": "Where a browser goes that has posted a form; empty is nowhere.",
        })
    }
}

/// A form as the API shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Form")]
pub struct FormResponse {
    id: FormId,
    /// What a page posts to: `/forms/{key}/leads`. Public, and not to be guessed.
    key: FormKey,
    /// 1-100 characters.
    name: String,
    /// The status of its leads; the team's first one where that was deleted.
    status_id: StatusId,
    /// The businesses of its leads.
    business: Vec<Business>,
    /// The source of its leads.
    source: String,
    /// Origins of pages that may post; every one when there is none.
    allowed_origins: Vec<String>,
    /// Where a browser goes that has posted a form; empty is nowhere.
    redirect_url: String,
    /// Whether anyone may post.
    active: bool,
    /// How many were accepted.
    submissions: u64,
    /// How many only a machine fills in so.
    spam: u64,
    /// When the last was accepted; `null` while there was none.
    last_submitted_at: Option<Timestamp>,
    /// Names of fields that pages sent and no lead has, the last ten.
    ignored: Vec<String>,
    /// Who created it, and is named by what it writes.
    created_by: User,
    /// When it was created.
    created_at: Timestamp,
}

impl Team {
    /// A form as the API shows it.
    pub fn form(&self, form: &Form, statistics: &FormStatistics) -> FormResponse {
        let team_status = self.status_or_first(form.status_id);
        FormResponse {
            id: form.id,
            key: form.key.clone(),
            name: form.name.clone(),
            status_id: team_status,
            business: form.business.iter().filter_map(|id| self.business(*id)).cloned().collect(),
            source: form.source.clone(),
            allowed_origins: form.allowed_origins.clone(),
            redirect_url: form.redirect_url.clone(),
            active: form.active,
            submissions: statistics.submissions,
            spam: statistics.spam,
            last_submitted_at: statistics.last_submitted_at,
            ignored: statistics.ignored.clone(),
            created_by: form.created_by.clone(),
            created_at: form.created_at,
        }
    }
}

/// Where a visitor came from, by the names of the parameters that say so.
pub type Attribution = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_redirects() {
        let origin = |text: &str| Origin.read(text.into());
        for good in ["https://example.com", "HTTPS://Example.com/", "http://localhost:8080", "http://[::1]:3000"] {
            assert!(origin(good).is_ok_and(|read| !read.ends_with('/') && read == read.to_lowercase()), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "https://",
            "https://example.com/page",
            "ftp://x",
            "https://a b",
            "https://x?y",
            "null",
            "*",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
        let redirect = |text: &str| Redirect.read(text.into()).is_ok();
        assert!(redirect("") && redirect("https://example.com/thanks?a=1#top"));
        for bad in [
            "javascript:alert(1)",
            "//example.com",
            "/thanks",
            "https://example.com/a\r\nSet-Cookie: x",
            "https://u@h/",
        ] {
            assert!(!redirect(bad), "{bad}");
        }
    }

    #[test]
    fn a_key_names_its_form() {
        let team: TeamId = "team-1".parse().unwrap_or_else(|()| unreachable!());
        let id = FormId::new(7).unwrap_or_else(|| unreachable!());
        let key = FormKey::new(&team, id, [0xff; 16]);
        assert_eq!(key.as_str(), "lf_team-1.7._____________________w");
        assert_eq!(FormKey::parse(key.as_str()), Some((key.clone(), team, id)));
        for none in ["", "lf_", "lf_team", "lf_team.7", "lf_a#b.7.x", "lf_team.0.x"] {
            assert_eq!(FormKey::parse(none), None);
        }
    }
}
