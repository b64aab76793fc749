//! Configuration of the forms on web pages through which visitors create leads.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::access::api_key::parse_team_and_id;
use crate::domain::{
    Agent, AgentName, BusinessId, DomainError, FieldError, FormId, StatusId, Team, TeamId, Timestamp, User,
};

/// A form of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// Id of the form, sequential in the team.
    pub id: FormId,
    /// Public key in the URL that pages post to. It cannot be guessed.
    pub key: FormKey,
    /// Name of the form, 1-100 characters.
    pub name: String,
    /// Status of new leads.
    pub status_id: StatusId,
    /// Businesses of new leads.
    pub business: Vec<BusinessId>,
    /// Source of new leads.
    pub source: String,
    /// Origins whose pages may post. Empty allows every origin.
    pub allowed_origins: Vec<String>,
    /// URL to which a browser is redirected after it posted an HTML form. Empty for no redirect.
    pub redirect_url: String,
    /// Whether the form accepts submissions.
    pub active: bool,
    /// The user who created the form. The log names this user beside the form.
    pub created_by: User,
    /// Time at which the form was created.
    pub created_at: Timestamp,
    /// Version of the form. Every change adds one.
    pub version: u64,
}

impl Form {
    /// Maximum number of forms of a team.
    pub const MAX_FORMS_PER_TEAM: u64 = 50;

    /// Maximum number of unknown field names that the form shows to its owner.
    pub const MAX_SHOWN_UNKNOWN_FIELDS: usize = 10;

    /// Whether a page of this origin may post to the form. `None` is a request without an `Origin` header, which only a
    /// form without `allowed_origins` accepts.
    pub fn allows_origin(&self, origin: Option<&str>) -> bool {
        self.allowed_origins.is_empty()
            || origin.is_some_and(|origin| self.allowed_origins.iter().any(|one| one == origin))
    }

    /// The form as log entries name it, with id and name.
    pub fn as_agent(&self) -> Agent {
        Agent::Form(AgentName { id: self.id.get(), name: self.name.clone() })
    }
}

/// Public key of a form, for example `lf_acme.2.Yt3...`: team, id and 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct FormKey(String);

impl FormKey {
    const FORM_KEY_PREFIX: &'static str = "lf_";

    /// Builds a key from `random`, which must be unpredictable.
    pub fn new(team: &TeamId, id: FormId, random: [u8; 16]) -> Self {
        Self(format!("{}{}.{id}.{}", Self::FORM_KEY_PREFIX, team.as_str(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// The form key as text, as the URL path contains it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the text of a form key. Returns the key, and the team and id of its form. `None` for text of another
    /// format.
    pub fn parse(text: &str) -> Option<(Self, TeamId, FormId)> {
        let (team, id) = parse_team_and_id(Self::FORM_KEY_PREFIX, text)?;
        Some((Self(text.to_owned()), team, id))
    }
}

/// Counts of a form's submissions, and the unknown fields that the submissions had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FormStatistics {
    /// Number of accepted submissions.
    pub submissions: u64,
    /// Number of submissions that were discarded because they filled in the honeypot field.
    pub spam: u64,
    /// Time of the last accepted submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_submitted_at: Option<Timestamp>,
    /// Names of unknown fields that pages sent, most recent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

impl FormStatistics {
    /// The new list of unknown field names: `names` first, then the names of earlier submissions. `None` if the list
    /// already contains all of `names`.
    pub fn merged_unknown_fields(&self, names: &[String]) -> Option<Vec<String>> {
        if names.iter().all(|name| self.ignored.contains(name)) {
            return None;
        }
        let others = self.ignored.iter().filter(|name| !names.contains(name));
        Some(names.iter().chain(others).take(Form::MAX_SHOWN_UNKNOWN_FIELDS).cloned().collect())
    }
}

/// The body of `POST /forms` and `PUT /forms/{id}`. An absent field gets the default of a new form (POST) or keeps its
/// value (PUT).
#[derive(Clone, Debug)]
pub struct FormInput {
    pub(crate) name: Option<String>,
    pub(crate) status_id: Option<StatusId>,
    pub(crate) business: Option<Vec<BusinessId>>,
    pub(crate) source: Option<String>,
    pub(crate) allowed_origins: Option<Vec<String>>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) active: Option<bool>,
    /// Bad fields that were found while the body was read. Unknown statuses and businesses are not among them.
    pub(crate) faults: Vec<FieldError>,
}

impl FormInput {
    /// Text of `message` in the 400 response that names the bad fields of a form.
    pub const INVALID_FORM_MESSAGE: &'static str = "Invalid form data";

    /// Builds the new form.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    pub fn to_form(
        &self,
        team: &Team,
        key: FormKey,
        id: FormId,
        by: &User,
        at: Timestamp,
    ) -> Result<Form, DomainError> {
        let first = team.statuses.first().map(|status| status.id);
        let form = Form {
            id,
            key,
            name: String::new(),
            status_id: first.ok_or(DomainError::Impossible("a team without a status"))?,
            business: Vec::new(),
            source: String::new(),
            allowed_origins: Vec::new(),
            redirect_url: String::new(),
            active: true,
            created_by: by.clone(),
            created_at: at,
            version: 1,
        };
        self.with_new_values(&form, team)
    }

    /// The form after this change, in its next version.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    pub fn changed_form(&self, form: &Form, team: &Team) -> Result<Form, DomainError> {
        Ok(Form { version: form.version + 1, ..self.with_new_values(form, team)? })
    }

    /// Replaces the values of a form by those of this change. The version stays the same.
    fn with_new_values(&self, form: &Form, team: &Team) -> Result<Form, DomainError> {
        // A client may send a form back as it was read, even if the form's status has been deleted since.
        let new_status = self.status_id.filter(|status| *status != form.status_id);
        let mut faults = self.faults.clone();
        faults.extend(team.unknown_reference_faults(new_status, self.business.as_deref()));
        if !faults.is_empty() {
            return Err(DomainError::InvalidForm(faults));
        }
        Ok(Form {
            name: self.name.clone().unwrap_or_else(|| form.name.clone()),
            status_id: team.find_status_or_first(new_status.unwrap_or(form.status_id)),
            business: self.business.clone().unwrap_or_else(|| form.business.clone()),
            source: self.source.clone().unwrap_or_else(|| form.source.clone()),
            allowed_origins: self.allowed_origins.clone().unwrap_or_else(|| form.allowed_origins.clone()),
            redirect_url: self.redirect_url.clone().unwrap_or_else(|| form.redirect_url.clone()),
            active: self.active.unwrap_or(form.active),
            ..form.clone()
        })
    }
}

/// Where a visitor came from: campaign parameters, click ids, page and referrer, by name.
pub type Attribution = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_key_contains_its_team_and_form_id() {
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
