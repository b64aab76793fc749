//! The bodies of requests: which fields each has, and how each is validated.

mod api_key;
mod batch;
mod business;
mod comment;
mod form;
pub(super) mod lead;
mod status;
mod submission;
mod webhook;
