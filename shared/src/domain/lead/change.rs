//! Changes of a lead.

use std::collections::BTreeSet;

use crate::domain::team::unknown_names_message;
use crate::domain::{
    BusinessId, DomainError, Email, ErrorCode, ExternalId, ExternalIds, ExternalIdsChange, ExternalSystem, FieldError,
    Lead, LeadId, SocialMedia, State, StatusId, Team, Timestamp,
};

/// New values of a lead's fields. `None` keeps the old value.
#[derive(Clone, Debug, Default)]
pub struct LeadValues {
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) email: Option<Option<Email>>,
    pub(crate) phone_number: Option<Vec<String>>,
    pub(crate) business: Option<Vec<BusinessId>>,
    pub(crate) photo: Option<String>,
    pub(crate) state: Option<State>,
    pub(crate) status_id: Option<StatusId>,
    pub(crate) company: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) position: Option<String>,
}

impl LeadValues {
    fn write_values(&self, lead: &mut Lead, mode: WriteMode) {
        // Destructured without `..`, so that a new field does not compile until it is written below.
        let Self {
            first_name,
            last_name,
            email,
            phone_number,
            business,
            photo,
            state,
            status_id,
            company,
            source,
            description,
            location,
            position,
        } = self;
        let Lead { summary, details, .. } = lead;
        set_if_allowed(&mut summary.first_name, first_name, mode, String::is_empty);
        set_if_allowed(&mut summary.last_name, last_name, mode, String::is_empty);
        set_if_allowed(&mut summary.email, email, mode, Option::is_none);
        set_if_allowed(&mut summary.phone_number, phone_number, mode, Vec::is_empty);
        set_if_allowed(&mut summary.business, business, mode, Vec::is_empty);
        set_if_allowed(&mut summary.photo, photo, mode, String::is_empty);
        set_if_allowed(&mut summary.state, state, mode, |_| false);
        set_if_allowed(&mut summary.status_id, status_id, mode, |_| false);
        set_if_allowed(&mut summary.company, company, mode, String::is_empty);
        set_if_allowed(&mut details.source, source, mode, String::is_empty);
        set_if_allowed(&mut details.description, description, mode, String::is_empty);
        set_if_allowed(&mut details.location, location, mode, String::is_empty);
        set_if_allowed(&mut details.position, position, mode, String::is_empty);
    }
}

/// New values of a lead's social media profiles. `None` keeps the old value.
#[derive(Clone, Debug, Default)]
pub struct ProfileValues {
    pub(crate) youtube: Option<String>,
    pub(crate) facebook: Option<String>,
    pub(crate) instagram: Option<String>,
    pub(crate) twitter: Option<String>,
}

impl ProfileValues {
    fn write_profiles(&self, profiles: &mut SocialMedia, mode: WriteMode) {
        set_if_allowed(&mut profiles.youtube, &self.youtube, mode, String::is_empty);
        set_if_allowed(&mut profiles.facebook, &self.facebook, mode, String::is_empty);
        set_if_allowed(&mut profiles.instagram, &self.instagram, mode, String::is_empty);
        set_if_allowed(&mut profiles.twitter, &self.twitter, mode, String::is_empty);
    }
}

/// Sets a field to `value`, if there is a value and the mode allows it to overwrite the field.
fn set_if_allowed<T: Clone>(field: &mut T, value: &Option<T>, mode: WriteMode, is_empty: fn(&T) -> bool) {
    if let Some(value) = value
        && (mode == WriteMode::Overwrite || is_empty(field))
    {
        field.clone_from(value);
    }
}

/// Which fields a change overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// Overwrites every field for which the change has a value.
    Overwrite,
    /// Fills only fields that are empty in the lead.
    FillEmpty,
}

/// Removes duplicates and keeps the order.
pub(crate) fn unique_in_order<T: Copy + Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|one| seen.insert(*one)).collect()
}

/// A business as a row of a batch names it: by id or by name.
#[derive(Clone, Debug)]
pub enum BusinessIdOrName {
    /// By id.
    Id(BusinessId),
    /// By name.
    Name(String),
}

/// A change of a lead, with the bad fields that were found while the body was read. One response names these together
/// with the statuses and businesses that the team does not have.
#[derive(Clone, Debug, Default)]
pub struct LeadChange {
    pub(crate) values: LeadValues,
    pub(crate) profiles: ProfileValues,
    pub(crate) external_ids: ExternalIdsChange,
    pub(crate) faults: Vec<FieldError>,
}

impl LeadChange {
    /// Text of `message` in the 400 response that names the bad fields of a lead.
    pub const INVALID_LEAD_MESSAGE: &'static str = "Invalid lead data";

    /// Whether a field is invalid regardless of the team's statuses and businesses.
    pub fn is_invalid(&self) -> bool {
        !self.faults.is_empty()
    }

    /// New photo of the lead: the file name of an upload, or empty to remove the photo. `None` keeps the photo.
    pub fn photo_name(&self) -> Option<&str> {
        self.values.photo.as_deref()
    }

    /// Every bad field, including a status or business that the team does not have.
    fn faults_in_team(&self, team: &Team) -> Vec<FieldError> {
        let LeadValues { status_id: status, business, .. } = &self.values;
        let mut faults = self.faults.clone();
        faults.extend(team.unknown_reference_faults(*status, business.as_deref()));
        faults
    }

    /// The lead after this change. The caller sets version and times.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    fn apply_with_mode(&self, before: &Lead, team: &Team, over: WriteMode) -> Result<Lead, DomainError> {
        let mut after = before.clone();
        self.write_to_lead(&mut after, over);
        let mut faults = self.faults_in_team(team);
        let names =
            [("firstName", &before.first_name, &after.first_name), ("lastName", &before.last_name, &after.last_name)];
        let cleared = names.into_iter().filter(|(_, before, after)| !before.is_empty() && after.is_empty());
        faults.extend(
            cleared.map(|(name, ..)| FieldError::new(name, ErrorCode::Empty.with_message("must not be empty"))),
        );
        faults.extend(self.missing_contact_fault(before, &after, &faults));
        faults.extend(ExternalIdsChange::too_many_ids_fault(&after.external_ids));
        if faults.is_empty() { Ok(after) } else { Err(DomainError::InvalidLead(faults)) }
    }

    /// The fault of a lead that has neither an e-mail address nor a phone number after the change. `None` if one of
    /// these two fields is bad already.
    fn missing_contact_fault(&self, before: &Lead, after: &Lead, faults: &[FieldError]) -> Option<FieldError> {
        let is_bad = |name: &str| faults.iter().any(|fault| fault.field == name);
        if after.has_contact() || is_bad("email") || is_bad("phoneNumber") {
            return None;
        }
        let (field, message) = if before.has_contact() && before.email.is_none() {
            ("phoneNumber", "must not be empty of a lead without an e-mail address")
        } else {
            ("email", "must not be empty of a lead without a phone number")
        };
        Some(FieldError::new(field, ErrorCode::ContactRequired.with_message(message)))
    }

    /// An existing lead after this change. The caller sets version and times.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    pub fn apply(&self, lead: &Lead, team: &Team) -> Result<Lead, DomainError> {
        self.apply_with_mode(lead, team, WriteMode::Overwrite)
    }

    fn write_to_lead(&self, lead: &mut Lead, over: WriteMode) {
        self.values.write_values(lead, over);
        self.profiles.write_profiles(&mut lead.details.social_media, over);
        self.external_ids.write_ids(&mut lead.external_ids, over);
        lead.update_derived();
    }
}

/// A new lead: the body of `POST /leads`.
#[derive(Clone, Debug)]
pub struct NewLead(pub(crate) LeadChange);

impl NewLead {
    /// Whether a field is invalid regardless of the team's statuses and businesses, or the lead has neither an e-mail
    /// address nor a phone number.
    pub fn is_invalid(&self) -> bool {
        let LeadValues { email, phone_number, .. } = &self.0.values;
        let has_contact =
            email.as_ref().is_some_and(Option::is_some) || phone_number.as_ref().is_some_and(|all| !all.is_empty());
        self.0.is_invalid() || !has_contact
    }

    /// Photo of the new lead: the file name of an upload, or empty.
    pub fn photo_name(&self) -> &str {
        self.0.photo_name().unwrap_or_default()
    }

    /// Checks the new lead against the team's statuses and businesses.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    pub fn check_against_team(&self, team: &Team) -> Result<(), DomainError> {
        self.to_lead(team, LeadId::MIN, Timestamp::default()).map(drop)
    }

    /// The new lead.
    ///
    /// # Errors
    /// The same errors as [`NewLead::check_against_team`].
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let LeadValues { state, status_id, .. } = &self.0.values;
        // If state or status is absent, the faults name it already, and the faults are returned. These defaults never
        // reach a lead.
        let (state, status_id) = (state.unwrap_or(State::Active), status_id.unwrap_or(StatusId::MIN));
        let refused = |refusal| match refusal {
            DomainError::InvalidLead(faults) if is_only_unknown_status(&faults) => DomainError::NoStatusForLead(faults),
            other => other,
        };
        self.0.apply_with_mode(&Lead::new(id, None, state, status_id, at), team, WriteMode::Overwrite).map_err(refused)
    }
}

/// Whether an unknown status is the only fault.
fn is_only_unknown_status(faults: &[FieldError]) -> bool {
    matches!(faults, [fault] if fault.code == ErrorCode::UnknownStatus)
}

/// A row of `POST /leads/batch`: fields as in `PATCH /leads/{id}`. The e-mail address, or the external id by which the request
/// matches rows, selects the existing lead. Bad fields of one row do not affect other rows.
#[derive(Clone, Debug, Default)]
pub struct LeadRow {
    pub(crate) change: LeadChange,
    pub(crate) businesses: Option<Vec<BusinessIdOrName>>,
    /// Name of the status. It takes precedence over a status id in the row.
    pub(crate) status: Option<String>,
}

impl LeadRow {
    /// Fills missing first and last names from a full name: the last word is the last name.
    pub(crate) fn with_full_name(mut self, name: &str) -> Self {
        let values = &mut self.change.values;
        let (first, last) = name.trim().rsplit_once(char::is_whitespace).unwrap_or((name, ""));
        let short = |name: &str| {
            Some(name.trim().chars().take(Lead::MAX_NAME_CHARS).collect::<String>()).filter(|name| !name.is_empty())
        };
        values.first_name = values.first_name.take().or_else(|| short(first));
        values.last_name = values.last_name.take().or_else(|| short(last));
        self
    }

    /// The row's e-mail address. `None` if the address is absent or bad.
    pub fn email_of_row(&self) -> Option<&Email> {
        self.change.values.email.as_ref()?.as_ref()
    }

    /// The external ids that the row sets, by system.
    pub fn new_external_ids(&self) -> impl Iterator<Item = (&ExternalSystem, &ExternalId)> {
        self.change.external_ids.new_ids()
    }

    /// Sets the external id of the row's lead in `system`, which the URL names. Another id of the row in that system is a
    /// bad field.
    #[must_use]
    pub fn with_external_id(mut self, system: ExternalSystem, id: ExternalId) -> Self {
        let dotted_name = ExternalIds::dotted_name(&system);
        let sent = self.change.external_ids.by_system.insert(system, Some(id.clone()));
        if sent.is_some_and(|sent| sent != Some(id)) {
            let fault = ErrorCode::InvalidValue.with_message("must be the id in the URL");
            self.change.faults.push(FieldError::new(dotted_name, fault));
        }
        self
    }

    /// Whether no existing lead can be selected for the row, because its e-mail address or the whole row is bad.
    pub fn is_unmatchable(&self) -> bool {
        self.change.faults.iter().any(|fault| ["email", "leads"].contains(&fault.field.as_str()))
    }

    /// Bad fields that were found while the row was read. Unknown statuses and businesses are not among them.
    pub fn faults_without_team(&self) -> &[FieldError] {
        &self.change.faults
    }

    /// Every bad field, including a status or business that the team does not have.
    pub fn faults_in_team(&self, team: &Team) -> Vec<FieldError> {
        self.with_names_resolved(team).faults_in_team(team)
    }

    /// New photo of the lead: the file name of an upload, or empty to remove the photo. `None` keeps the photo.
    pub fn photo_name(&self) -> Option<&str> {
        self.change.photo_name()
    }

    /// Names of businesses in the row that the team does not have.
    pub fn unknown_business_names<'a>(&'a self, team: &'a Team) -> impl Iterator<Item = &'a str> {
        let names = self.businesses.iter().flatten().filter_map(|business| match business {
            BusinessIdOrName::Name(name) => Some(name.as_str()),
            BusinessIdOrName::Id(_) => None,
        });
        names.filter(|name| team.find_business_by_name(name).is_none())
    }

    /// The change that the row makes, with names of status and businesses resolved to ids. Unknown names become faults.
    fn with_names_resolved(&self, team: &Team) -> LeadChange {
        let mut change = self.change.clone();
        let mut fault = |field, fault| change.faults.push(FieldError::new(field, fault));
        let unknown: Vec<&str> = self.unknown_business_names(team).collect();
        if !unknown.is_empty() {
            fault("business", ErrorCode::UnknownBusiness.with_message(unknown_names_message(&unknown)));
        }
        if let Some(name) = &self.status {
            let status = team.find_status_by_name(name).map(|status| status.id);
            if status.is_none() {
                fault("status", ErrorCode::UnknownStatus.with_message(unknown_names_message(&[name])));
            }
            change.values.status_id = status;
        }
        let id = |business: &BusinessIdOrName| match business {
            BusinessIdOrName::Id(id) => Some(*id),
            BusinessIdOrName::Name(name) => team.find_business_by_name(name).map(|business| business.id),
        };
        change.values.business = self.businesses.as_ref().map(|all| unique_in_order(all.iter().filter_map(id)));
        change
    }

    /// Applies this row's change to an existing lead and returns the changed lead. `over` selects the fields that the
    /// row may overwrite.
    ///
    /// # Errors
    /// Fails when a field is bad or a status or business is unknown. The error names every bad field.
    pub fn apply(&self, lead: &Lead, team: &Team, over: WriteMode) -> Result<Lead, DomainError> {
        self.with_names_resolved(team).apply_with_mode(lead, team, over)
    }

    /// The lead that the row creates. Absent fields are empty, the state is `Active`, and the status is the team's
    /// first.
    ///
    /// # Errors
    /// Those of [`LeadRow::apply`], and for a row that has neither an e-mail address nor a phone number.
    pub fn to_lead(&self, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let change = self.with_names_resolved(team);
        let first = team.statuses.first().map(|status| status.id);
        let status = change.values.status_id.or(first).ok_or(DomainError::Impossible("a team without a status"))?;
        let new = Lead::new(id, None, change.values.state.unwrap_or(State::Active), status, at);
        change.apply_with_mode(&new, team, WriteMode::Overwrite)
    }
}
