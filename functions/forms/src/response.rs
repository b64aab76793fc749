use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{Business, Form, FormId, FormKey, FormStatistics, StatusId, Team, Timestamp, User};

/// A form.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Form")]
pub struct FormResponse {
    id: FormId,
    /// Public key of the form: pages post to `/forms/{key}/leads`. It cannot be guessed.
    key: FormKey,
    /// 1-100 characters.
    name: String,
    /// Status of new leads. If it was deleted, the team's first status.
    status_id: StatusId,
    /// Businesses of new leads.
    business: Vec<Business>,
    /// Source of new leads.
    source: String,
    /// Origins whose pages may post. Empty allows every origin.
    allowed_origins: Vec<String>,
    /// Where a browser is redirected after it posted an HTML form. Empty for no redirect.
    redirect_url: String,
    /// Whether the form accepts submissions.
    active: bool,
    /// Number of accepted submissions.
    submissions: u64,
    /// Number of submissions that filled in the honeypot.
    spam: u64,
    /// Time of the last accepted submission; `null` before the first.
    last_submitted_at: Option<Timestamp>,
    /// Names of the last ten unknown fields that pages sent.
    ignored: Vec<String>,
    /// The user who created the form. The log names this user beside the form.
    created_by: User,
    /// When it was created.
    created_at: Timestamp,
}

impl FormResponse {
    pub(crate) fn of(team: &Team, form: &Form, statistics: &FormStatistics) -> Self {
        Self {
            id: form.id,
            key: form.key.clone(),
            name: form.name.clone(),
            status_id: team.status_or_first(form.status_id),
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
