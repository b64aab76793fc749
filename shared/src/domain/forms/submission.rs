//! Submissions of forms. A submission creates a lead, or fills the empty fields of an existing one.

use crate::domain::forms::form::Attribution;
use crate::domain::lead::change::{LeadRow, WriteMode};
use crate::domain::{DomainError, Form, Lead, LeadId, Team, Timestamp};

/// The body of `POST /forms/{key}/leads`.
#[derive(Clone, Debug)]
pub struct Submission {
    pub(crate) row: LeadRow,
    /// Message of the visitor, which becomes a comment. May be empty.
    pub message: String,
    /// Where the visitor came from: campaign parameters, click ids, page and referrer.
    pub attribution: Attribution,
    /// Names of the unknown fields in the submission, at most [`Form::MAX_SHOWN_UNKNOWN_FIELDS`].
    pub ignored: Vec<String>,
}

impl Submission {
    /// Builds the new lead, with the status, businesses and source of the form. The team's first status replaces a
    /// deleted status; deleted businesses are left out.
    ///
    /// # Errors
    /// Fails when a field is bad. A submission that was read without a fault has no bad field.
    pub fn to_lead(&self, form: &Form, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let mut lead = self.row.to_lead(team, id, at)?;
        self.apply_form_defaults(&mut lead, form, team, WriteMode::Overwrite);
        lead.status_id = team.find_status_or_first(form.status_id);
        lead.update_derived();
        Ok(lead)
    }

    /// The existing lead after this submission: empty fields are filled in, other fields stay. An archived lead is
    /// restored, so that the team sees who wrote again.
    ///
    /// # Errors
    /// As [`Submission::to_lead`].
    pub fn fill_empty_fields(&self, lead: &Lead, form: &Form, team: &Team) -> Result<Lead, DomainError> {
        let mut after = self.row.apply(lead, team, WriteMode::FillEmpty)?;
        self.apply_form_defaults(&mut after, form, team, WriteMode::FillEmpty);
        after.archived = false;
        after.update_derived();
        Ok(after)
    }

    /// Sets the lead's source and businesses to those of the form. With [`WriteMode::FillEmpty`], a source or businesses
    /// that the lead already has stay. Sets the attribution if the lead has none.
    fn apply_form_defaults(&self, lead: &mut Lead, form: &Form, team: &Team, over: WriteMode) {
        let overwrite = over == WriteMode::Overwrite;
        if overwrite || lead.details.source.is_empty() {
            lead.details.source.clone_from(&form.source);
        }
        if overwrite || lead.business.is_empty() {
            lead.business = form.business.iter().copied().filter(|id| team.business(*id).is_some()).collect();
        }
        if lead.details.attribution.is_empty() {
            lead.details.attribution.clone_from(&self.attribution);
        }
    }
}
