//! Response bodies that several functions share.

pub(super) mod batch;
pub(super) mod event;
pub(super) mod lead;
pub(super) mod stored;
