//! Forms, and what visitors submit.

pub(super) mod form;
pub(super) mod submission;
