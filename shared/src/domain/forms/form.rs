//! Forms through which visitors create leads, as their owners set them up.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::access::api_key::owner;
use crate::domain::{
    Agent, AgentName, BusinessId, DomainError, FieldError, FormId, StatusId, Team, TeamId, Timestamp, User,
};

/// A form of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// Sequential in the team.
    pub id: FormId,
    /// Public key in the URL that pages post to. It cannot be guessed.
    pub key: FormKey,
    /// 1-100 characters.
    pub name: String,
    /// Status of new leads.
    pub status_id: StatusId,
    /// Businesses of new leads.
    pub business: Vec<BusinessId>,
    /// Source of new leads.
    pub source: String,
    /// Origins whose pages may post. Empty allows every origin.
    pub allowed_origins: Vec<String>,
    /// Where a browser is redirected after it posted an HTML form. Empty for no redirect.
    pub redirect_url: String,
    /// Whether the form accepts submissions.
    pub active: bool,
    /// The user who created the form. The log names this user beside the form.
    pub created_by: User,
    /// When it was created.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

impl Form {
    /// Maximum number of forms of a team.
    pub const MAX_PER_TEAM: u64 = 50;

    /// Maximum number of unknown field names that a form shows its owner.
    pub const MAX_SHOWN_UNKNOWN_FIELDS: usize = 10;

    /// Whether a page of this origin may post. `None` is a request without an `Origin` header.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        self.allowed_origins.is_empty()
            || origin.is_some_and(|origin| self.allowed_origins.iter().any(|one| one == origin))
    }

    /// The form as the log names it.
    pub fn agent(&self) -> Agent {
        Agent::Form(AgentName { id: self.id.get(), name: self.name.clone() })
    }
}

/// Public key of a form, for example `lf_acme.2.Yt3...`: team, id and 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct FormKey(String);

impl FormKey {
    const PREFIX: &'static str = "lf_";

    /// Builds a key from `random`, which must be unpredictable.
    pub fn new(team: &TeamId, id: FormId, random: [u8; 16]) -> Self {
        Self(format!("{}{}.{id}.{}", Self::PREFIX, team.as_str(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// The key as it stands in a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a key into itself and the team and id of the form that it names. `None` if the text is no key.
    pub fn parse(text: &str) -> Option<(Self, TeamId, FormId)> {
        let (team, id) = owner(Self::PREFIX, text)?;
        Some((Self(text.to_owned()), team, id))
    }
}

/// Counts of a form's submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FormStatistics {
    /// Number of accepted submissions.
    pub submissions: u64,
    /// Number of submissions whose honeypot was filled in.
    pub spam: u64,
    /// Time of the last accepted submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_submitted_at: Option<Timestamp>,
    /// Names of unknown fields that pages sent, most recent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

impl FormStatistics {
    /// The list of unknown field names with `names` at its front. `None` if it has them all already.
    pub fn with_ignored(&self, names: &[String]) -> Option<Vec<String>> {
        if names.iter().all(|name| self.ignored.contains(name)) {
            return None;
        }
        let others = self.ignored.iter().filter(|name| !names.contains(name));
        Some(names.iter().chain(others).take(Form::MAX_SHOWN_UNKNOWN_FIELDS).cloned().collect())
    }
}

/// The body of `POST /forms` and `PUT /forms/{id}`. Absent fields keep their values, or have the defaults of a new
/// form.
#[derive(Clone, Debug)]
pub struct FormInput {
    pub(crate) name: Option<String>,
    pub(crate) status_id: Option<StatusId>,
    pub(crate) business: Option<Vec<BusinessId>>,
    pub(crate) source: Option<String>,
    pub(crate) allowed_origins: Option<Vec<String>>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) active: Option<bool>,
    /// Bad fields that can be found without the team.
    pub(crate) faults: Vec<FieldError>,
}

impl FormInput {
    /// `message` of the 400 that names bad fields.
    pub const INVALID_DATA: &'static str = "Invalid form data";

    /// The new form.
    ///
    /// # Errors
    /// When a field is bad, naming every bad field, an unknown status or business included.
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
        self.change(&form, team)
    }

    /// The form after this change.
    ///
    /// # Errors
    /// When a field is bad, naming every bad field, an unknown status or business included.
    pub fn apply(&self, form: &Form, team: &Team) -> Result<Form, DomainError> {
        Ok(Form { version: form.version + 1, ..self.change(form, team)? })
    }

    /// The form with the values of this change, in the same version.
    fn change(&self, form: &Form, team: &Team) -> Result<Form, DomainError> {
        // A form that was read may be sent back, also when its status has been deleted since.
        let new_status = self.status_id.filter(|status| *status != form.status_id);
        let mut faults = self.faults.clone();
        faults.extend(team.unknown(new_status, self.business.as_deref()));
        if !faults.is_empty() {
            return Err(DomainError::InvalidForm(faults));
        }
        Ok(Form {
            name: self.name.clone().unwrap_or_else(|| form.name.clone()),
            status_id: team.status_or_first(new_status.unwrap_or(form.status_id)),
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
