//! Submissions of forms, and the leads that they create or fill.

use crate::domain::forms::form::Attribution;
use crate::domain::lead::change::{LeadRow, WriteMode};
use crate::domain::{DomainError, Form, Lead, LeadId, Team, Timestamp};

/// The body of `POST /forms/{key}/leads`.
#[derive(Clone, Debug)]
pub struct Submission {
    pub(crate) row: LeadRow,
    /// Message of the visitor, which becomes a comment. May be empty.
    pub message: String,
    /// Where the visitor came from.
    pub attribution: Attribution,
    /// Names of unknown fields, at most [`Form::MAX_SHOWN_UNKNOWN_FIELDS`].
    pub ignored: Vec<String>,
}

impl Submission {
    /// The new lead, with the form's defaults. A deleted status is replaced by the team's first one, a deleted business
    /// is dropped.
    ///
    /// # Errors
    /// When a field is bad. Reading the submission has ruled that out.
    pub fn to_lead(&self, form: &Form, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, DomainError> {
        let mut lead = self.row.to_lead(team, id, at)?;
        self.apply_form_defaults(&mut lead, form, team, WriteMode::Overwrite);
        lead.status_id = team.status_or_first(form.status_id);
        lead.derive();
        Ok(lead)
    }

    /// An existing lead with its empty fields filled in. An archived lead is restored, so that the team sees who wrote
    /// again.
    ///
    /// # Errors
    /// As [`Submission::to_lead`].
    pub fn fill_empty_fields(&self, lead: &Lead, form: &Form, team: &Team) -> Result<Lead, DomainError> {
        let mut after = self.row.apply(lead, team, WriteMode::FillEmpty)?;
        self.apply_form_defaults(&mut after, form, team, WriteMode::FillEmpty);
        after.archived = false;
        after.derive();
        Ok(after)
    }

    /// Sets the form's defaults, and the attribution if the lead has none.
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
