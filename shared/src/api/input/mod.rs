//! Readers of bodies and query strings. The same declarations read a request and describe it in the contract.

pub(super) mod fields;
pub(super) mod params;
pub(super) mod validator;
