//! Request bodies: the fields of each body, and the validation of each field.

mod api_key;
pub(super) mod batch;
mod business;
mod comment;
mod form;
pub(super) mod lead;
mod lead_field;
mod lead_validators;
mod status;
mod submission;
mod view;
mod webhook;
