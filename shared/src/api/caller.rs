//! The caller of a request, from the authorizer's context, and the check of the role.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::request::Parts;
use lambda_http::request::RequestContext;
use serde_json::Value;

use crate::domain::error::Error;
use crate::domain::{Actor, Agent, AgentName, Role, Timestamp, User};

/// An access right that a route requires.
pub trait Access {
    /// Whether a role has this right.
    fn allows(role: Role) -> bool;
}

/// Reading: every role except `Sender`.
#[derive(Clone, Copy, Debug)]
pub struct Read;

/// Creating leads and uploading photos for them: Owners, Managers and `Sender` keys.
#[derive(Clone, Copy, Debug)]
pub struct Create;

/// Changing leads, photos and comments: Owners and Managers.
#[derive(Clone, Copy, Debug)]
pub struct Write;

/// Changing statuses, businesses, keys, forms, webhooks, and anyone's comments: Owners.
#[derive(Clone, Copy, Debug)]
pub struct Manage;

impl Access for Read {
    fn allows(role: Role) -> bool {
        role != Role::Sender
    }
}

impl Access for Create {
    fn allows(role: Role) -> bool {
        role != Role::Viewer
    }
}

impl Access for Write {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Owner | Role::Manager)
    }
}

impl Access for Manage {
    fn allows(role: Role) -> bool {
        role == Role::Owner
    }
}

/// An authorised caller. It is the only source of the team id that reads and writes need.
///
/// # Errors
/// 403 `Access denied` when the role does not allow it, or the context names no caller.
#[derive(Clone, Debug)]
pub struct Caller<A> {
    actor: Actor,
    role: Role,
    access: PhantomData<A>,
}

impl<A> Caller<A> {
    /// Whether the caller's role also has the access right `B`.
    pub fn has<B: Access>(&self) -> bool {
        B::allows(self.role)
    }

    /// Requires the right `B` as well, for requests whose content needs it.
    ///
    /// # Errors
    /// 403 `Access denied` when the role does not allow it.
    pub fn require<B: Access>(&self) -> Result<(), Error> {
        if self.has::<B>() { Ok(()) } else { Err(Error::access_denied()) }
    }
}

impl<A> Deref for Caller<A> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

impl<S: Sync, A: Access> FromRequestParts<S> for Caller<A> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let (actor, role) = parts.extensions.get().and_then(caller).ok_or_else(Error::access_denied)?;
        if A::allows(role) { Ok(Self { actor, role, access: PhantomData }) } else { Err(Error::access_denied()) }
    }
}

/// A value of the authorizer's context as text. Numbers may come as numbers or as text.
pub(super) fn authorizer_field(context: &ApiGatewayV2httpRequestContext, name: &str) -> Option<String> {
    match context.authorizer.as_ref()?.fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn caller(context: &RequestContext) -> Option<(Actor, Role)> {
    let RequestContext::ApiGatewayV2(context) = context else { return None };
    let text = |name| authorizer_field(context, name);
    let user = User {
        id: text("userId")?.parse().ok()?,
        email: text("email").unwrap_or_default(),
        first_name: text("firstName").unwrap_or_default(),
        last_name: text("lastName").unwrap_or_default(),
    };
    let agent = match (text("keyId"), text("keyName")) {
        (Some(id), Some(name)) => Some(Agent::Key(AgentName { id: id.parse().ok()?, name })),
        _ => None,
    };
    let at = Timestamp::from(jiff::Timestamp::now());
    let actor = Actor { team: text("teamId")?.parse().ok()?, user, agent, at };
    Some((actor, text("role")?.parse().ok()?))
}
