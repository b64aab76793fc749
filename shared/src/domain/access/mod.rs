//! Who calls, and what a caller may do.

pub(super) mod actor;
pub(super) mod api_key;
