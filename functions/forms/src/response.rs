use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{Business, Form, FormId, FormKey, FormStatistics, StatusId, Team, Timestamp, User};

/// A form.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Form")]
pub struct FormResponse {
    id: FormId,
    /// Key in the public URL `/forms/{key}/leads` that pages post to. It cannot be guessed.
    key: FormKey,
    /// Name of the form, 1-100 characters.
    name: String,
    /// Id of the status that new leads get. If that status was deleted, the id of the team's first status.
    status_id: StatusId,
    /// Businesses that new leads get.
    business: Vec<Business>,
    /// Source that new leads get.
    source: String,
    /// Origins of the pages that may post to this form. If empty, pages of every origin may.
    allowed_origins: Vec<String>,
    /// URL to which a browser is redirected after it posts the HTML form. If empty, the browser gets a page.
    redirect_url: String,
    /// Whether the form accepts submissions.
    active: bool,
    /// Number of accepted submissions.
    submissions: u64,
    /// Number of submissions that were discarded as spam, because the hidden honeypot field was filled in.
    spam: u64,
    /// Time of the last accepted submission; `null` before the first.
    last_submitted_at: Option<Timestamp>,
    /// Names of the last ten unknown fields that pages sent.
    ignored: Vec<String>,
    /// The user who created the form. Log entries of submissions name this user and the form.
    created_by: User,
    /// Time at which the form was created.
    created_at: Timestamp,
}

impl FormResponse {
    pub(crate) fn of(team: &Team, form: &Form, statistics: &FormStatistics) -> Self {
        Self {
            id: form.id,
            key: form.key.clone(),
            name: form.name.clone(),
            status_id: team.find_status_or_first(form.status_id),
            business: form.business.iter().filter_map(|id| team.business(*id)).cloned().collect(),
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
