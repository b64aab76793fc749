//! Events, webhooks and deliveries.

pub(super) mod delivery;
pub(super) mod egress;
pub(super) mod event;
pub(super) mod event_filter;
pub(super) mod event_id;
pub(super) mod feed_position;
pub(super) mod signing_secret;
pub(super) mod webhook;
pub(super) mod webhook_url;
