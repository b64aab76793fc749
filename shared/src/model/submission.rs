//! What a visitor sends through a form (spec section 11), and the lead that it makes.

use super::fields::{Body, Fields as _, Input};
use super::form::{Attribution, URL};
use super::lead_input::{LeadRow, Over};
use super::rule::{Rule as _, line, lines};
use super::{Form, Lead, LeadId, Refusal, Team, Timestamp};

/// Where a visitor came from: parameters of campaigns (Google Analytics 4), of advertisements, and the page itself.
const ATTRIBUTION: [(&str, usize); 13] = [
    ("utm_source", 200),
    ("utm_medium", 200),
    ("utm_campaign", 200),
    ("utm_term", 200),
    ("utm_content", 200),
    ("utm_id", 200),
    ("utm_source_platform", 200),
    ("utm_creative_format", 200),
    ("utm_marketing_tactic", 200),
    ("gclid", 200),
    ("fbclid", 200),
    ("page", URL),
    ("referrer", URL),
];

/// The body of `POST /forms/{key}/leads`.
#[derive(Clone, Debug)]
pub struct Submission {
    row: LeadRow,
    /// What becomes a comment; empty is none.
    pub message: String,
    /// Where the visitor came from.
    pub attribution: Attribution,
    /// Whether a field is filled in that nobody sees.
    pub is_spam: bool,
}

impl Input for Submission {
    const INVALID: &'static str = "Invalid submission";

    fn read(body: impl Body) -> Option<Self> {
        body.object(&[], |fields| {
            let about = "First and last name in one, where they are not given each.";
            let name = fields.optional("name", &line(200).about(about));
            let row = LeadRow::read_of_visitor(fields);
            let message = fields.optional("message", &lines(10_000).about("Becomes a comment on the lead."));
            let attribution = ATTRIBUTION.into_iter().filter_map(|(name, max)| {
                let text = fields.optional(name, &line(max)).flatten()?;
                (!text.is_empty()).then(|| (name.to_owned(), text))
            });
            let attribution = attribution.collect();
            let trap =
                line(URL).about("To be hidden on the page: what is filled in by a machine alone is written nowhere.");
            let trap = fields.optional("_gotcha", &trap);
            let row = row?.named(&name?.unwrap_or_default());
            let is_spam = trap?.is_some_and(|text| !text.is_empty());
            Some(Self { row, message: message?.unwrap_or_default(), attribution, is_spam })
        })
    }
}

impl Submission {
    /// The lead that it makes, in a form's words. A status or business that is gone keeps nobody out.
    ///
    /// # Errors
    /// When it is none, which its reading has seen.
    pub fn to_lead(&self, form: &Form, team: &Team, id: LeadId, at: Timestamp) -> Result<Lead, Refusal> {
        let mut lead = self.row.to_lead(team, id, at)?;
        self.set_up(&mut lead, form, team, Over::Everything);
        if team.status(form.status_id).is_some() {
            lead.status_id = form.status_id;
        }
        lead.derive();
        Ok(lead)
    }

    /// A lead that is there, with what was empty filled in.
    ///
    /// # Errors
    /// The same.
    pub fn fill(&self, lead: &Lead, form: &Form, team: &Team) -> Result<Lead, Refusal> {
        let mut after = self.row.apply(lead, team, Over::EmptyFields)?;
        self.set_up(&mut after, form, team, Over::EmptyFields);
        after.derive();
        Ok(after)
    }

    /// What a form says of its leads, and the first of where they came from.
    fn set_up(&self, lead: &mut Lead, form: &Form, team: &Team, over: Over) {
        let overwrite = over == Over::Everything;
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
