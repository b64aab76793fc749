//! Axum extractor for query strings, and the parameters `limit` and `cursor` of lists.

use axum::extract::FromRequestParts;
use lambda_http::http::request::Parts;

use crate::api::{CursorCodec, FromQuery, QueryReader, QueryStringReader, text_query_param};
use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError, SortPosition};

/// Extracts and validates the query parameters of a request.
///
/// # Errors
/// 400 naming every bad parameter and every unknown parameter.
#[derive(Clone, Debug)]
pub struct ValidQuery<T>(
    /// The validated parameters.
    pub T,
);

impl<S: Sync, T: FromQuery> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parse_query_string(parts).map(Self)
    }
}

pub(super) fn parse_query_string<T: FromQuery>(parts: &Parts) -> Result<T, Error> {
    let mut query = QueryStringReader::of(parts.uri.query().unwrap_or_default());
    let read = T::read_from_query(&mut query);
    let errors = query.into_errors();
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(Error::invalid_fields("Invalid query", errors)),
    }
}

/// Query parameters that select a page of a list: `limit` and `cursor`.
#[derive(Clone, Debug)]
pub struct PageParams {
    /// Maximum number of items on the page: 1-100, 10 by default, unless the list has other limits.
    pub limit: usize,
    cursor: Option<String>,
}

impl PageParams {
    /// Reads the query parameters `limit` (1-100, 10 by default) and `cursor`.
    pub fn of(query: &mut impl QueryReader) -> Self {
        Self::of_with_limits(query, 10, 100)
    }

    /// Reads the query parameters `limit` (1 to `max`) and `cursor`.
    pub fn of_with_limits(query: &mut impl QueryReader, default: usize, max: usize) -> Self {
        const CURSOR_KIND: &str = "a cursor that this list gave";
        const CURSOR_DESCRIPTION: &str = "The `nextCursor` of the previous page, with the same filters.";
        let cursor = text_query_param(CURSOR_KIND, CURSOR_DESCRIPTION, (1, CursorCodec::MAX_ENCODED_CHARS), |text| {
            Some(text.to_owned())
        });
        Self { limit: query.read_limit(default, max), cursor: query.read_single_value("cursor", &cursor) }
    }

    /// Decodes the cursor to the sort position after which the page starts. `None` for the first page.
    ///
    /// # Errors
    /// 400 when the cursor belongs to another team, list or filter.
    pub fn start_position(&self, cursor: &CursorCodec) -> Result<Option<SortPosition>, Error> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let foreign = || {
            FieldError::new(
                "cursor",
                ErrorCode::InvalidCursor.with_message("is not a cursor of this list with these filters"),
            )
        };
        cursor.decode_cursor(text).map(Some).ok_or_else(|| Error::invalid_fields("Invalid query", vec![foreign()]))
    }
}

/// Parameters of lists that have only `limit` and `cursor`.
impl FromQuery for PageParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        Some(Self::of(query))
    }
}

/// Parameters of endpoints that have none: a request with any query parameter is refused with 400.
impl FromQuery for () {
    fn read_from_query(_: &mut impl QueryReader) -> Option<Self> {
        Some(())
    }
}
