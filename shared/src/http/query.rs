//! Query strings and pages.

use axum::extract::FromRequestParts;
use lambda_http::http::request::Parts;

use crate::error::Error;
use crate::model::{Cursor, ErrorCode, FieldError, Position, Query, QueryFields, QueryInput, text_of};

/// A query string that is valid.
///
/// # Errors
/// 400 naming every bad parameter and every unknown one.
#[derive(Clone, Debug)]
pub struct Params<T>(
    /// What it says.
    pub T,
);

impl<S: Sync, T: QueryInput> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parse(parts).map(Self)
    }
}

pub(super) fn parse<T: QueryInput>(parts: &Parts) -> Result<T, Error> {
    let mut query = QueryFields::of(parts.uri.query().unwrap_or_default());
    let read = T::read(&mut query);
    let errors = query.into_errors();
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(Error::invalid("Invalid query", errors)),
    }
}

/// Which page of a list (spec section 2).
#[derive(Clone, Debug)]
pub struct Page {
    /// How many items at most: 1-100, 10 when not given, where a list says nothing else.
    pub limit: usize,
    cursor: Option<String>,
}

impl Page {
    /// Reads `limit` and `cursor`.
    pub fn of(query: &mut impl Query) -> Self {
        Self::of_at_most(query, 10, 100)
    }

    /// The same with a `limit` of 1 to `max`.
    pub fn of_at_most(query: &mut impl Query, default: usize, max: usize) -> Self {
        const WHAT: &str = "a cursor that this list gave";
        const ABOUT: &str = "Of the page before, with the same filters.";
        let cursor = text_of(WHAT, ABOUT, (1, Cursor::MAX), |text| Some(text.to_owned()));
        Self { limit: query.limit(default, max), cursor: query.one("cursor", &cursor) }
    }

    /// The sort position that the page begins after.
    ///
    /// # Errors
    /// 400 when the cursor is not one of this list, this team and these filters.
    pub fn after(&self, cursor: &Cursor) -> Result<Option<Position>, Error> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let foreign = || {
            FieldError::new("cursor", ErrorCode::InvalidCursor.fault("is not a cursor of this list with these filters"))
        };
        cursor.decode(text).map(Some).ok_or_else(|| Error::invalid("Invalid query", vec![foreign()]))
    }
}

/// Lists that have no other parameter.
impl QueryInput for Page {
    fn read(query: &mut impl Query) -> Option<Self> {
        Some(Self::of(query))
    }
}

/// Endpoints without parameters.
impl QueryInput for () {
    fn read(_: &mut impl Query) -> Option<Self> {
        Some(())
    }
}
