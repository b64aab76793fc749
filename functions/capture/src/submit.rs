use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{PathParam, Post, Visitor};
use shared::model::{Actor, FormKey, StoredResponse};
use shared::table::Table;

use crate::content::Posted;

/// The answer of `POST /forms/{key}/leads`, whatever became of it: nobody learns which addresses there are.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Thanks {
    /// `Thank you`
    message: &'static str,
}

/// `POST /forms/{key}/leads`: who created the form is who writes.
pub(crate) async fn submit(
    State(table): State<Table>,
    PathParam(key): PathParam,
    visitor: Visitor,
    Post { body: Posted { submission, by_page }, idempotency_key }: Post<Posted>,
) -> Result<Response, Error> {
    let (key, team, id) = FormKey::parse(&key).ok_or_else(Error::form_not_found)?;
    let open = table.open_form(&key, &team, id).await?;
    if !open.form.allows(visitor.origin.as_deref()) {
        return Err(Error::origin_not_allowed());
    }
    let actor = Actor { team, user: open.form.created_by.clone(), agent: Some(open.form.agent()), at: visitor.at };
    let thanks = StoredResponse::created(Thanks { message: "Thank you" });
    let answer = table.submit(&actor, &open, &submission, &visitor.address, idempotency_key.as_ref(), thanks).await?;
    if by_page && !open.form.redirect_url.is_empty() {
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, open.form.redirect_url)]).into_response());
    }
    Ok(answer.into_response())
}
