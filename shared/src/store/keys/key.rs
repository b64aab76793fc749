//! Primary keys of all items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{PK, SK};
use super::counter::{RollupKey, count_sort_key, rollup_sort_key};
use super::sort_key;
use crate::domain::{
    Actor, Agent, ApiKeyId, BusinessId, CommentId, CounterCopyId, CounterKey, ExternalSystem, FormId, LeadId,
    PhotoName, SortPosition, TeamId, Timestamp, ViewId, WebhookId,
};
use crate::store::TableItem;

/// Prefix of the sort keys of a lead's log entries.
pub(super) const LOG_PREFIX: &str = "LOG#";
/// Prefix of the sort keys of a lead's comments.
pub(super) const COMMENT_PREFIX: &str = "COMMENT#";
/// Prefix of the sort keys of stored row results of a batch.
pub(super) const ROW_RESULTS_PREFIX: &str = "ROWS#";
/// Prefix of the sort keys of API keys.
pub(super) const API_KEY_PREFIX: &str = "KEY#";
/// Prefix of the sort keys of saved views.
pub(super) const VIEW_PREFIX: &str = "VIEW#";
/// Prefix of the sort keys of forms.
pub(super) const FORM_PREFIX: &str = "FORM#";
/// Prefix of the sort keys of forms' statistics.
pub(super) const FORM_STATISTICS_PREFIX: &str = "STATISTICS#";
/// Prefix of the sort keys of webhooks.
pub(super) const WEBHOOK_PREFIX: &str = "WEBHOOK#";
/// Prefix of the sort keys of event pages.
pub(super) const EVENT_PAGE_PREFIX: &str = "EVENT#";
/// Prefix of the sort keys of a webhook's deliveries.
pub(super) const DELIVERY_PREFIX: &str = "DELIVERY#";
/// Prefix of the sort keys of a webhook's failed deliveries.
pub(super) const FAILED_DELIVERY_PREFIX: &str = "FAILED#";

/// Identifies an item of a team; [`ItemKey::of`] builds its primary key. `docs/architecture.md` lists all items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKey<'a> {
    /// The team: statuses and businesses.
    Team,
    /// The last allocated id of each kind of id.
    Sequences,
    /// A lead or its tombstone.
    Lead(LeadId),
    /// A log entry of a lead.
    Log(LeadId, &'a SortPosition),
    /// A comment on a lead.
    Comment(LeadId, &'a SortPosition),
    /// Pointer from a comment's id to the lead and sort position of the comment.
    CommentPointer(CommentId),
    /// Lock that makes an e-mail address unique in the team, by the hash of the address. The lock names the lead that
    /// has the address.
    EmailLock(&'a str),
    /// Lock that makes an external id unique in the team, by system and the hash of the id. The lock names the lead that
    /// has the id.
    ExternalIdLock(&'a ExternalSystem, &'a str),
    /// Entry of a lead in the list of a business.
    BusinessLead(BusinessId, &'a SortPosition),
    /// Search entry of a lead for one word.
    Word(&'a str, LeadId),
    /// A copy (shard) of a counter.
    Count(&'a CounterKey, CounterCopyId),
    /// A rollup of counters.
    Rollup(&'a RollupKey),
    /// Progress of a team's rollups.
    RollupProgress,
    /// An uploaded photo.
    Photo(&'a PhotoName),
    /// Stored response of a request, by the request's author and the hash of its idempotency key.
    StoredResponse(&'a Actor, &'a str),
    /// Stored results of batch rows, by author, hash of the idempotency key and index of the first row.
    StoredRows(&'a Actor, &'a str, usize),
    /// An API key.
    ApiKey(ApiKeyId),
    /// Number of the team's API keys, which may not exceed the limit.
    ApiKeyCount,
    /// A saved view, by the id of the user to whom it belongs; `None` for a shared view.
    View(Option<u64>, ViewId),
    /// Number of views of a user, or of the team's shared views. Neither may exceed its limit.
    ViewCount(Option<u64>),
    /// A form.
    Form(FormId),
    /// Statistics of a form.
    FormStatistics(FormId),
    /// Number of the team's forms, which may not exceed the limit.
    FormCount,
    /// Rate-limit counter of a form in one minute: posts in total and by sender.
    FormMinute(FormId, Timestamp),
    /// A webhook.
    Webhook(WebhookId),
    /// Number of the team's webhooks, which may not exceed the limit.
    WebhookCount,
    /// Page of the event feed, by the number of its first event.
    EventPage(u64),
    /// Number at which the numbers of the team's events begin. It is stored when the feed is new, and again when the
    /// feed restarts because its events may have expired.
    FeedStart,
    /// Delivery of an event to a webhook.
    Delivery(WebhookId, &'a SortPosition),
    /// Entry in a webhook's list of failed deliveries.
    FailedDelivery(WebhookId, &'a SortPosition),
}

/// Primary key of an item: partition key and sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl PrimaryKey {
    /// Reads the primary key from an item's attributes. `None` if the item has no key.
    pub fn of(item: &TableItem) -> Option<Self> {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(Self { pk: text(PK)?, sk: text(SK)? })
    }

    /// Kind of the item, for log lines. The kind contains no text that callers sent.
    pub fn kind_prefix(&self) -> &str {
        match self.pk.split('#').nth(2) {
            // Sort keys of search entries and business entries are words and times, so the kind is in the partition
            // key.
            Some(kind @ ("WORD" | "BUSINESS")) => kind,
            _ => self.sk.split('#').next().unwrap_or_default(),
        }
    }

    /// Converts the key to the two key attributes.
    pub fn key_attributes(self) -> TableItem {
        HashMap::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}

impl ItemKey<'_> {
    /// Builds the primary key of this item in a team.
    pub fn of(&self, team: &TeamId) -> PrimaryKey {
        let sk = match self {
            Self::Team => "TEAM".to_owned(),
            Self::Sequences => "SEQ".to_owned(),
            Self::Lead(_) => "LEAD".to_owned(),
            Self::Log(_, position) => format!("{LOG_PREFIX}{}", position.as_str()),
            Self::Comment(_, position) => format!("{COMMENT_PREFIX}{}", position.as_str()),
            Self::CommentPointer(_) => "COMMENT".to_owned(),
            Self::EmailLock(_) | Self::ExternalIdLock(..) => "LOCK".to_owned(),
            Self::BusinessLead(_, position) => position.as_str().to_owned(),
            Self::Word(word, id) => format!("{word} {:016}", LeadId::MAX - id.get()),
            Self::Count(counter, copy) => count_sort_key(counter, *copy),
            Self::Rollup(rollup) => rollup_sort_key(rollup),
            Self::RollupProgress => "ROLLUP".to_owned(),
            Self::Photo(_) => "PHOTO".to_owned(),
            Self::StoredResponse(..) => "IDEM".to_owned(),
            Self::StoredRows(_, _, first) => format!("{ROW_RESULTS_PREFIX}{first:03}"),
            Self::ApiKey(id) => format!("{API_KEY_PREFIX}{id:016}"),
            Self::ApiKeyCount | Self::FormCount | Self::WebhookCount | Self::ViewCount(_) => "COUNT".to_owned(),
            Self::View(_, id) => format!("{VIEW_PREFIX}{id:016}"),
            Self::Form(id) => format!("{FORM_PREFIX}{id:016}"),
            Self::FormStatistics(id) => format!("{FORM_STATISTICS_PREFIX}{id:016}"),
            Self::FormMinute(_, at) => format!("MINUTE#{}", at.as_second() / 60),
            Self::Webhook(id) => format!("{WEBHOOK_PREFIX}{id:016}"),
            Self::EventPage(first) => event_page_sort_key(*first),
            Self::FeedStart => "START".to_owned(),
            Self::Delivery(_, position) => format!("{DELIVERY_PREFIX}{}", position.as_str()),
            Self::FailedDelivery(_, position) => format!("{FAILED_DELIVERY_PREFIX}{}", position.as_str()),
        };
        PrimaryKey { pk: self.partition_key(team), sk }
    }

    /// Builds the primary key of this item, as attributes.
    pub fn primary_key_attributes(&self, team: &TeamId) -> TableItem {
        self.of(team).key_attributes()
    }

    pub(super) fn partition_key(&self, team: &TeamId) -> String {
        let team = team.as_str();
        match self {
            Self::Team | Self::Sequences => format!("T#{team}"),
            Self::Lead(id) | Self::Log(id, _) | Self::Comment(id, _) => format!("T#{team}#LEAD#{id}"),
            Self::CommentPointer(id) => format!("T#{team}#COMMENT#{id}"),
            Self::EmailLock(hash) => format!("T#{team}#LOCK#{}#{hash}", ExternalSystem::EMAIL),
            Self::ExternalIdLock(system, hash) => format!("T#{team}#LOCK#{system}#{hash}"),
            Self::BusinessLead(id, _) => format!("T#{team}#BUSINESS#{id}"),
            // The partition is the first letter of the word.
            Self::Word(word, _) => format!("T#{team}#WORD#{}", word.chars().next().unwrap_or_default()),
            Self::Count(..) | Self::Rollup(_) | Self::RollupProgress => format!("T#{team}#COUNTS"),
            Self::Photo(name) => format!("T#{team}#PHOTO#{name}"),
            Self::StoredResponse(actor, key) | Self::StoredRows(actor, key, _) => {
                format!("T#{team}#IDEM#{}#{key}", author_key_part(actor))
            }
            Self::ApiKey(_) | Self::ApiKeyCount => format!("T#{team}#KEYS"),
            Self::View(None, _) | Self::ViewCount(None) => format!("T#{team}#VIEWS"),
            Self::View(Some(user), _) | Self::ViewCount(Some(user)) => format!("T#{team}#VIEWS#{user}"),
            Self::Form(_) | Self::FormStatistics(_) | Self::FormCount => format!("T#{team}#FORMS"),
            Self::FormMinute(id, _) => format!("T#{team}#FORM#{id}"),
            Self::Webhook(_) | Self::WebhookCount => format!("T#{team}#WEBHOOKS"),
            Self::EventPage(_) | Self::FeedStart => format!("T#{team}#EVENTS"),
            Self::Delivery(id, _) | Self::FailedDelivery(id, _) => format!("T#{team}#WEBHOOK#{id}"),
        }
    }
}

/// Sort key of an event page. The number is padded to 16 digits, so that text order is numeric order.
pub(super) fn event_page_sort_key(first: u64) -> String {
    format!("{EVENT_PAGE_PREFIX}{first:016}")
}

/// Author part of a stored response's key. An API key or form that acts for a user is a different author than the user.
fn author_key_part(actor: &Actor) -> String {
    let user = actor.user.id;
    match &actor.agent {
        None => user.to_string(),
        Some(Agent::Key(key)) => format!("{user}K{}", key.id),
        Some(Agent::Form(form)) => format!("{user}F{}", form.id),
    }
}

/// A primary key that no item has, to open connections by reading it.
pub fn nonexistent_key() -> PrimaryKey {
    PrimaryKey { pk: "NOTHING".to_owned(), sk: "NOTHING".to_owned() }
}

/// Whether a primary key is the key of a comment.
pub fn is_comment(key: &PrimaryKey) -> bool {
    key.sk.starts_with(COMMENT_PREFIX)
}

/// Parses the team and lead of an item in a lead's partition, and whether the item is the lead itself or its tombstone.
/// `None` for other items.
pub fn parse_lead_partition_item(item: &TableItem) -> Option<(TeamId, LeadId, bool)> {
    let key = PrimaryKey::of(item)?;
    let (team, id) = key.pk.strip_prefix("T#")?.split_once("#LEAD#")?;
    Some((team.parse().ok()?, id.parse().ok()?, key.sk == "LEAD"))
}

/// Parses the number of the first event of an event page. `None` for other items.
pub fn parse_event_page_number(item: &TableItem) -> Option<u64> {
    sort_key(item)?.strip_prefix(EVENT_PAGE_PREFIX)?.parse().ok()
}

/// Whether a primary key is the key of a log entry.
pub fn is_log(key: &PrimaryKey) -> bool {
    key.sk.starts_with(LOG_PREFIX)
}

/// Parses the id of the form whose statistics an item holds. `None` for other items.
pub fn statistics_form_id(key: &PrimaryKey) -> Option<FormId> {
    FormId::new(key.sk.strip_prefix(FORM_STATISTICS_PREFIX)?.parse().ok()?)
}

/// Parses the lead id at the end of a lead's sort position.
pub fn lead_id_of_position(position: &SortPosition) -> Option<LeadId> {
    LeadId::new(position.as_str().split_once('-')?.1.parse().ok()?)
}

/// Parses the word and the lead of a search entry.
pub fn parse_search_entry_key(item: &TableItem) -> Option<(&str, LeadId)> {
    let (word, id) = sort_key(item)?.rsplit_once(' ')?;
    Some((word, LeadId::new(LeadId::MAX.checked_sub(id.parse().ok()?)?)?))
}
