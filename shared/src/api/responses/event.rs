//! JSON format of events in the feed (`GET /events`) and in webhook deliveries.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::lead::LeadResponse;
use crate::domain::error::Error;
use crate::domain::{Author, Change, EventComment, EventId, EventType, Lead, LeadId, OutboxEntry, Team, Timestamp};

/// A change of a lead or of a comment on a lead.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique id of the event, the same in every delivery.
    pub id: EventId,
    /// Kind of the change, for example `lead.created`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When the change was made.
    pub created_at: Timestamp,
    /// Who made the change: the user, and the API key or form that acted for the user.
    pub actor: Author,
    /// Id of the lead that changed.
    pub lead_id: LeadId,
    /// The lead as it was when the event was published: after this change, or after a later change with a higher
    /// `version`. For a deleted lead, the last state before the deletion. Has the fields of `GET /leads/{id}` except
    /// `photoUrl`, which would expire. Absent if the lead's data had already been removed when the event was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LeadResponse")]
    pub lead: Option<LeadResponse>,
    /// Previous and current values of the changed fields, by field name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub changes: BTreeMap<String, Change>,
    /// The comment that was created, edited or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EventComment")]
    pub comment: Option<EventComment>,
}

/// The body of the request that tests a webhook.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// Unique id of the test, the same in every attempt.
    pub id: EventId,
    /// Always `ping`, which distinguishes a test of the webhook from an event.
    #[serde(rename = "type")]
    #[schemars(extend("const" = Ping::PING_EVENT_TYPE))]
    pub event_type: &'static str,
    /// When the API received the call that started the test.
    pub created_at: Timestamp,
}

impl Ping {
    /// Value of `type` in every test of a webhook.
    pub const PING_EVENT_TYPE: &'static str = "ping";
}

impl Event {
    /// Builds the event of an outbox entry. `lead` is the lead after the change or after a later change. `None` if the
    /// lead's data was removed: the event then has neither `changes` nor `comment`.
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

    /// Builds the event of an outbox entry as JSON, in the format that the feed stores.
    ///
    /// # Errors
    /// 500 when the event cannot be serialised.
    pub fn serialize_outbox_entry(
        entry: &OutboxEntry,
        id: EventId,
        lead: Option<&Lead>,
        team: &Team,
    ) -> Result<Box<RawValue>, Error> {
        serde_json::value::to_raw_value(&Self::new(entry, id, lead, team))
            .map_err(|error| Error::caused_by("an event does not serialise", &error))
    }
}
