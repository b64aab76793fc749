//! Callers of the API (users, API keys and forms), and the roles that decide what they may do.

pub(super) mod actor;
pub(super) mod api_key;
pub(super) mod team_id;
