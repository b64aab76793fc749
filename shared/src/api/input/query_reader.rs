//! Reads the parameters of query strings and reports every bad parameter at once. The declarations of the parameters
//! also generate the OpenAPI document.

use std::str::FromStr;

use super::query_param::{LimitParam, QueryParam};
use crate::domain::ValidationFault;

/// A type that can be read from the query string of a request.
pub trait FromQuery: Sized {
    /// Reads and validates the parameters. `None` only if a parameter is bad.
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self>;
}

/// Reads query parameters. Implemented for a received query string,
/// [`QueryStringReader`](crate::api::QueryStringReader), and for the recorder that generates the parameters in the
/// OpenAPI document.
pub trait QueryReader {
    /// Reads an optional parameter. `None` if the parameter is absent. A bad value, or a parameter that is given twice,
    /// is recorded as a validation error and returned as `None` too.
    fn read_single_value<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Option<P::ParamValue>;

    /// Reads a parameter with at most 50 ids, which may be repeated or comma-separated. Removes duplicates. `about` is
    /// the description in the OpenAPI document.
    fn read_id_list<T: FromStr + Ord>(&mut self, name: &'static str, about: &'static str) -> Vec<T>;

    /// Reads a parameter with at most 50 values, which may be repeated or comma-separated.
    fn read_value_list<P: QueryParam>(&mut self, name: &'static str, param: &P) -> Vec<P::ParamValue>;

    /// Records a validation error for the parameter `name`.
    fn record_error(&mut self, name: &'static str, fault: ValidationFault);

    /// Reads the parameter `limit`: 1 to `max`, or `default` if the parameter is absent.
    fn read_limit(&mut self, default: usize, max: usize) -> usize {
        self.read_single_value("limit", &LimitParam { default, max }).unwrap_or(default)
    }
}
