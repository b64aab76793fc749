//! Readers of bodies and queries: the rules of a field validate a request and describe it in the contract.

pub(super) mod cursor;
pub(super) mod fields;
pub(super) mod query;
pub(super) mod rule;
