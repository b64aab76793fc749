use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{ErrorPageRenderer, IdempotentJson, LastPathParam, Visitor};
use shared::domain::error::Error;
use shared::domain::{Actor, FormKey, IdempotencyKey};
use shared::store::{FormStore, StoredResponse};

use crate::content::PostedSubmission;
use crate::page;

const THANK_YOU_MESSAGE: &str = "Thank you";

/// The answer of `POST /forms/{key}/leads`. Known and unknown e-mail addresses get the same answer.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Thanks {
    /// `Thank you`
    message: &'static str,
}

/// `POST /forms/{key}/leads`: answers a script with JSON, and a browser with a page or a redirect.
pub(crate) async fn submit(
    State(table): State<FormStore>,
    LastPathParam(key): LastPathParam,
    visitor: Visitor,
    post: Result<IdempotentJson<PostedSubmission>, Error>,
) -> Response {
    let wants_page = visitor.wants_page;
    let mut response = accept_submission(table, &key, visitor, post).await.into_response();
    if wants_page {
        response.extensions_mut().insert(ErrorPageRenderer(page::error_page));
    }
    response
}

/// Checks that the form is active and allows the visitor's origin, and writes the submission in the name of the form's
/// creator. Spam gets the answer of an accepted submission, whatever its origin.
async fn accept_submission(
    table: FormStore,
    key: &str,
    visitor: Visitor,
    post: Result<IdempotentJson<PostedSubmission>, Error>,
) -> Result<Response, Error> {
    let (key, team, id) = FormKey::parse(key).ok_or_else(Error::form_not_found)?;
    let form = table.active_form(&key, &team, id).await?;
    let is_spam = post.as_ref().is_ok_and(|post| post.body.submission.is_none());
    if !is_spam && !form.allows_origin(visitor.origin.as_deref()) {
        return Err(Error::origin_not_allowed());
    }
    let IdempotentJson { body: PostedSubmission { submission, by_page }, idempotency_key } = post?;
    let actor = Actor { team, user: form.created_by.clone(), agent: Some(form.as_agent()), at: visitor.at };
    let thanks = StoredResponse::created(Thanks { message: THANK_YOU_MESSAGE });
    let once = idempotency_key.map(IdempotencyKey::for_anonymous_caller);
    let answer = table.submit(&actor, &form, submission.as_ref(), &visitor.network, once.as_ref(), thanks).await?;
    Ok(if by_page && !form.redirect_url.is_empty() {
        (StatusCode::SEE_OTHER, [(header::LOCATION, form.redirect_url)]).into_response()
    } else if visitor.wants_page {
        page::thank_you_page(THANK_YOU_MESSAGE)
    } else {
        answer.into_response()
    })
}
