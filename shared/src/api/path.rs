//! Axum extractors for path parameters.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use lambda_http::http::request::Parts;

use crate::domain::error::Error;
use crate::domain::{
    ApiKeyId, BusinessId, CommentId, DomainError, ExternalId, ExternalSystem, FieldError, FormId, LeadChange, LeadId,
    StatusId, ViewId, WebhookId,
};
use crate::store::LeadKey;

/// Extracts the last path parameter of a route, percent-decoded. Empty if a path parameter is not UTF-8.
#[derive(Clone, Debug)]
pub struct LastPathParam(
    /// Text of the parameter, not validated.
    pub String,
);

impl<S: Send + Sync> FromRequestParts<S> for LastPathParam {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let last = params.as_ref().and_then(|params| params.iter().last());
        Ok(Self(last.map(|(_, text)| text.to_owned()).unwrap_or_default()))
    }
}

/// Extracts the path parameter `{id}` as an id of type `T`.
///
/// # Errors
/// [`InvalidPathId::invalid_id_error`] of `E` if the parameter is not an id. By default, `E` is `T`, whose rejection equals
/// the error for an id that does not exist.
#[derive(Clone, Debug)]
pub struct PathId<T, E = T> {
    /// The id.
    pub id: T,
    error: PhantomData<E>,
}

/// Defines the error for a path parameter that is not an id.
pub trait InvalidPathId {
    /// The error: a 404, or a 400 for an endpoint that documents a 400.
    fn invalid_id_error() -> Error;
}

impl<S: Send + Sync, T: FromStr, E: InvalidPathId> FromRequestParts<S> for PathId<T, E> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| E::invalid_id_error())?;
        let text = params.iter().find(|(name, _)| *name == "id").map(|(_, text)| text);
        let id = text.and_then(|text| text.parse().ok()).ok_or_else(E::invalid_id_error)?;
        Ok(Self { id, error: PhantomData })
    }
}

/// Extracts the path parameters `{system}` and `{id}` as an external id.
///
/// # Errors
/// 400 that names each invalid parameter.
#[derive(Clone, Debug)]
pub struct PathExternalId {
    /// The system.
    pub system: ExternalSystem,
    /// The id in the system.
    pub id: ExternalId,
}

impl<S: Send + Sync> FromRequestParts<S> for PathExternalId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let (system, id) = system_and_id(parts, state).await;
        match (system.parse(), id.parse()) {
            (Ok(system), Ok(id)) => Ok(Self { system, id }),
            (system, id) => {
                let faults = [("system", system.err()), ("id", id.err())];
                let faults = faults.into_iter().filter_map(|(name, fault)| Some(FieldError::new(name, fault?)));
                Err(Error::invalid_fields(LeadChange::INVALID_LEAD_MESSAGE, faults.collect()))
            }
        }
    }
}

/// Extracts the path parameters `{system}` and `{id}` as the key of a lead: an external id, or an e-mail address for
/// the system `email`.
///
/// # Errors
/// 404, because no lead has an invalid key.
#[derive(Clone, Debug)]
pub struct PathLeadKey(
    /// The key.
    pub LeadKey,
);

impl<S: Send + Sync> FromRequestParts<S> for PathLeadKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let (system, id) = system_and_id(parts, state).await;
        let key = match system.as_str() {
            ExternalSystem::EMAIL => id.parse().ok().map(LeadKey::Email),
            system => system.parse().ok().zip(id.parse().ok()).map(|(system, id)| LeadKey::ExternalId(system, id)),
        };
        key.map(Self).ok_or_else(Error::lead_not_found)
    }
}

/// The path parameters `{system}` and `{id}`, percent-decoded. Empty if a parameter is not UTF-8.
async fn system_and_id<S: Send + Sync>(parts: &mut Parts, state: &S) -> (String, String) {
    let params = RawPathParams::from_request_parts(parts, state).await.ok();
    let param = |name| params.iter().flatten().find(|(of, _)| *of == name).map(|(_, text)| text.to_owned());
    (param("system").unwrap_or_default(), param("id").unwrap_or_default())
}

impl InvalidPathId for LeadId {
    fn invalid_id_error() -> Error {
        Error::lead_not_found()
    }
}

impl InvalidPathId for CommentId {
    fn invalid_id_error() -> Error {
        Error::comment_not_found()
    }
}

impl InvalidPathId for StatusId {
    fn invalid_id_error() -> Error {
        DomainError::UnknownStatus.into()
    }
}

impl InvalidPathId for BusinessId {
    fn invalid_id_error() -> Error {
        DomainError::UnknownBusiness.into()
    }
}

impl InvalidPathId for ApiKeyId {
    fn invalid_id_error() -> Error {
        Error::api_key_not_found()
    }
}

impl InvalidPathId for ViewId {
    fn invalid_id_error() -> Error {
        Error::view_not_found()
    }
}

impl InvalidPathId for FormId {
    fn invalid_id_error() -> Error {
        Error::form_not_found()
    }
}

impl InvalidPathId for WebhookId {
    fn invalid_id_error() -> Error {
        Error::webhook_not_found()
    }
}
