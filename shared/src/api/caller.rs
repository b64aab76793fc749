//! Axum extractor for the caller of a request. Reads the caller from the Lambda authorizer's context and checks the
//! caller's role.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::request::Parts;
use lambda_http::request::RequestContext;
use serde_json::Value;

use crate::domain::error::Error;
use crate::domain::{Actor, Agent, AgentName, TeamRole, Timestamp, User};

/// An access right that a route requires.
pub trait AccessRight {
    /// Whether a role has this right.
    fn is_granted_to(role: TeamRole) -> bool;
}

/// The right to read. Every role except `Sender` has this right.
#[derive(Clone, Copy, Debug)]
pub struct Read;

/// The right to create leads and to upload photos for new leads. Owners, Managers and `Sender` API keys have this
/// right.
#[derive(Clone, Copy, Debug)]
pub struct Create;

/// The right to change leads, photos and comments. Owners and Managers have this right.
#[derive(Clone, Copy, Debug)]
pub struct Write;

/// The right to manage statuses, businesses, API keys, forms and webhooks, and to change anyone's comments. Only Owners
/// have this right.
#[derive(Clone, Copy, Debug)]
pub struct Manage;

impl AccessRight for Read {
    fn is_granted_to(role: TeamRole) -> bool {
        role != TeamRole::Sender
    }
}

impl AccessRight for Create {
    fn is_granted_to(role: TeamRole) -> bool {
        role != TeamRole::Viewer
    }
}

impl AccessRight for Write {
    fn is_granted_to(role: TeamRole) -> bool {
        matches!(role, TeamRole::Owner | TeamRole::Manager)
    }
}

impl AccessRight for Manage {
    fn is_granted_to(role: TeamRole) -> bool {
        role == TeamRole::Owner
    }
}

/// Extracts the caller of a request, who has the access right `A`. Dereferences to the [`Actor`], with the only team
/// whose data the request can reach.
///
/// # Errors
/// 403 `Access denied` if the caller's role does not have the right `A`, or if the authorizer's context names no
/// caller.
#[derive(Clone, Debug)]
pub struct Caller<A> {
    actor: Actor,
    role: TeamRole,
    access: PhantomData<A>,
}

impl<A> Caller<A> {
    /// Whether the caller's role has the access right `B`, beside the right `A` that the route requires.
    pub fn has_access_right<B: AccessRight>(&self) -> bool {
        B::is_granted_to(self.role)
    }

    /// Refuses the request unless the caller also has the right `B`, which the route alone does not require but the
    /// request's content does.
    ///
    /// # Errors
    /// 403 `Access denied` if the caller's role does not have the right `B`.
    pub fn require_access_right<B: AccessRight>(&self) -> Result<(), Error> {
        if self.has_access_right::<B>() { Ok(()) } else { Err(Error::access_denied()) }
    }
}

impl<A> Deref for Caller<A> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

impl<S: Sync, A: AccessRight> FromRequestParts<S> for Caller<A> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let (actor, role) =
            parts.extensions.get().and_then(parse_authorizer_context).ok_or_else(Error::access_denied)?;
        if A::is_granted_to(role) { Ok(Self { actor, role, access: PhantomData }) } else { Err(Error::access_denied()) }
    }
}

/// Reads a field of the authorizer's context as text. Accepts texts and numbers; `None` for other values and for a
/// missing field.
pub(super) fn authorizer_field(context: &ApiGatewayV2httpRequestContext, name: &str) -> Option<String> {
    match context.authorizer.as_ref()?.fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn parse_authorizer_context(context: &RequestContext) -> Option<(Actor, TeamRole)> {
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
