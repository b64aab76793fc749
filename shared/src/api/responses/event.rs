//! Events, as the feed and deliveries have them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::lead::LeadResponse;
use crate::domain::error::Error;
use crate::domain::{Author, Change, EventComment, EventId, EventType, Lead, LeadId, OutboxEntry, Team, Timestamp};

/// A change of a lead or of its comments.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique id of the event, the same in every delivery.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When the change was made.
    pub created_at: Timestamp,
    /// The user, and the API key or form that acted.
    pub actor: Author,
    /// Id of the lead that changed.
    pub lead_id: LeadId,
    /// The lead after the change, or after a later one: `version` tells. For a deleted lead, its last state. It has the
    /// fields of a read by id except `photoUrl`, which would expire. Absent if the lead was gone before the event
    /// became known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LeadResponse")]
    pub lead: Option<LeadResponse>,
    /// The changed fields, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub changes: BTreeMap<String, Change>,
    /// The comment that was created, edited or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventComment")]
    pub comment: Option<EventComment>,
}

/// The body of a webhook's test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// Unique id of the test, the same in every attempt.
    pub id: EventId,
    /// A test of the webhook.
    #[serde(rename = "type")]
    #[schemars(extend("const" = Ping::TYPE))]
    pub event_type: &'static str,
    /// When the request was received.
    pub created_at: Timestamp,
}

impl Ping {
    /// The test's `type`.
    pub const TYPE: &'static str = "ping";
}

impl Event {
    /// The event of an outbox entry. `lead` is the lead after the change or later. `None` if the lead is gone: then the
    /// event holds nothing of the person.
    fn new(entry: &OutboxEntry, id: EventId, lead: Option<&Lead>, team: &Team) -> Self {
        let is_gone = lead.is_none();
        let lead = lead.map(|lead| entry.deleted.as_deref().unwrap_or(lead));
        Self {
            id,
            event_type: entry.event_type,
            created_at: entry.created_at,
            actor: entry.actor.clone(),
            lead_id: entry.lead,
            lead: lead.map(|lead| LeadResponse::new(lead, team)),
            changes: if is_gone { BTreeMap::new() } else { entry.changes.clone() },
            comment: entry.comment.clone().filter(|_| !is_gone),
        }
    }

    /// The event as JSON, as the feed stores it.
    ///
    /// # Errors
    /// 500 when it does not serialise.
    pub fn json(entry: &OutboxEntry, id: EventId, lead: Option<&Lead>, team: &Team) -> Result<Box<RawValue>, Error> {
        serde_json::value::to_raw_value(&Self::new(entry, id, lead, team))
            .map_err(|error| Error::caused_by("an event does not serialise", &error))
    }
}
