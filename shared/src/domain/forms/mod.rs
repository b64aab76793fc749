//! Forms on web pages, and the submissions of their visitors.

pub(super) mod form;
pub(super) mod submission;
