use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{Caller, Confirmation, IdempotentJson, Json, Manage, PathParam, ValidJson, ValidQuery};
use shared::domain::error::Error;
use shared::domain::{
    Business, Form, FormId, FormInput, FormKey, FormStatistics, StatusId, StoredResponse, Team, Timestamp, User,
};
use shared::platform::entropy::random;
use shared::store::Table;

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
    fn of(team: &Team, form: &Form, statistics: &FormStatistics) -> Self {
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

/// The answer of `GET /forms`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Forms {
    /// How many there are.
    count: usize,
    /// The newest first.
    forms: Vec<FormResponse>,
}

/// `GET /forms`
pub(crate) async fn list(
    State(table): State<Table>,
    caller: Caller<Manage>,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Forms>, Error> {
    let (forms, team) = table.forms(&caller.team).await?;
    let forms: Vec<_> = forms.iter().map(|(form, statistics)| FormResponse::of(&team, form, statistics)).collect();
    Ok(Json(Forms { count: forms.len(), forms }))
}

/// `POST /forms`
pub(crate) async fn create(
    State(table): State<Table>,
    caller: Caller<Manage>,
    IdempotentJson { body, idempotency_key }: IdempotentJson<FormInput>,
) -> Result<StoredResponse, Error> {
    let answer =
        |team: &Team, form: &Form| StoredResponse::created(FormResponse::of(team, form, &FormStatistics::default()));
    table.add_form(&caller, &body, random()?, idempotency_key.as_ref(), answer).await
}

/// `PUT /forms/{id}`
pub(crate) async fn update(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidJson(input): ValidJson<FormInput>,
) -> Result<Json<FormResponse>, Error> {
    let id = id.parse().map_err(|()| Error::form_not_found())?;
    let (form, statistics, team) = table.update_form(&caller, id, &input).await?;
    Ok(Json(FormResponse::of(&team, &form, &statistics)))
}

/// `DELETE /forms/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    ValidQuery(()): ValidQuery<()>,
) -> Result<Json<Confirmation>, Error> {
    let id = id.parse().map_err(|()| Error::form_not_found())?;
    table.delete_form(&caller, id).await?;
    Ok(Json(Confirmation { message: "Form deleted successfully", description: "The form takes no more submissions." }))
}
