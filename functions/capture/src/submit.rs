use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::{ErrorPageRenderer, IdempotentJson, PathParam, Visitor};
use shared::domain::error::Error;
use shared::domain::{Actor, FormKey, IdempotencyKey};
use shared::store::{FormStore, StoredResponse};

use crate::content::Posted;
use crate::page;

const THANK_YOU: &str = "Thank you";

/// The answer of `POST /forms/{key}/leads`. Known and unknown e-mail addresses get the same answer.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Thanks {
    /// `Thank you`
    message: &'static str,
}

/// `POST /forms/{key}/leads`: answers a script with JSON, and a browser with a page or a redirect.
pub(crate) async fn submit(
    State(table): State<FormStore>,
    PathParam(key): PathParam,
    visitor: Visitor,
    post: Result<IdempotentJson<Posted>, Error>,
) -> Response {
    let wants_page = visitor.wants_page;
    let mut response = accept(table, &key, visitor, post).await.into_response();
    if wants_page {
        response.extensions_mut().insert(ErrorPageRenderer(page::refusal));
    }
    response
}

/// Checks that the form is active and allows the visitor's origin, and writes the submission in the name of the form's
/// creator. Spam gets the answer of an accepted submission, whatever its origin.
async fn accept(
    table: FormStore,
    key: &str,
    visitor: Visitor,
    post: Result<IdempotentJson<Posted>, Error>,
) -> Result<Response, Error> {
    let (key, team, id) = FormKey::parse(key).ok_or_else(Error::form_not_found)?;
    let form = table.active_form(&key, &team, id).await?;
    let is_spam = post.as_ref().is_ok_and(|post| post.body.submission.is_none());
    if !is_spam && !form.allows(visitor.origin.as_deref()) {
        return Err(Error::origin_not_allowed());
    }
    let IdempotentJson { body: Posted { submission, by_page }, idempotency_key } = post?;
    let actor = Actor { team, user: form.created_by.clone(), agent: Some(form.agent()), at: visitor.at };
    let thanks = StoredResponse::created(Thanks { message: THANK_YOU });
    let once = idempotency_key.map(IdempotencyKey::of_anyone);
    let answer = table.submit(&actor, &form, submission.as_ref(), &visitor.network, once.as_ref(), thanks).await?;
    Ok(if by_page && !form.redirect_url.is_empty() {
        (StatusCode::SEE_OTHER, [(header::LOCATION, form.redirect_url)]).into_response()
    } else if visitor.wants_page {
        page::thanks(THANK_YOU)
    } else {
        answer.into_response()
    })
}
