//! Events, webhooks and deliveries.

pub(super) mod delivery;
pub(super) mod egress;
pub(super) mod event;
pub(super) mod webhook;
