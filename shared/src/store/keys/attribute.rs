//! Names of the attributes that expressions use, in one module for each kind of item. Only serde names the other
//! attributes, which are fields of serialised values.

/// The table's partition key.
pub const PK: &str = "PK";
/// The table's sort key.
pub const SK: &str = "SK";
/// Expiry for DynamoDB's time to live, in seconds since 1970.
pub const TTL: &str = "ttl";
/// The sort key of the indexes over leads.
pub const SORT_POSITION: &str = "sortPosition";
/// The sort key of the index of clean-up tasks: the time at which a task is due.
pub const DUE_AT: &str = "due";
/// Random id of the transaction that wrote the item. A transaction recognises by this id what its own earlier try
/// wrote.
pub const WRITTEN_BY: &str = "writtenBy";
/// Version of an item, for optimistic locking. Each change of the item's content adds 1.
pub const VERSION: &str = "version";

/// Names of the partition key attributes of the indexes, see [`super::TableIndex`].
pub mod index {
    /// Partition key of the index of leads by archived flag and state.
    pub const BY_ARCHIVED: &str = "byArchived";
    /// Partition key of the index of leads by archived flag, state and status.
    pub const BY_STATUS: &str = "byStatus";
    /// Partition key of the index of leads by source.
    pub const BY_SOURCE: &str = "bySource";
    /// Partition key of the index of clean-up tasks: one of several shards, for example `CLEANUP#0`.
    pub const CLEANUP_SHARD: &str = "cleanup";
}

/// A lead.
pub mod lead {
    /// Ids of the lead's businesses.
    pub const BUSINESS_IDS: &str = "business";
    /// Id of the lead's status.
    pub const STATUS_ID: &str = "statusId";
    /// State of the lead: `Active` or `Inactive`.
    pub const STATE: &str = "state";
    /// Whether the lead is archived.
    pub const ARCHIVED: &str = "archived";
    /// Marks the item as the tombstone of a deleted lead. The value identifies the request that deleted the lead.
    pub const DELETED_BY: &str = "deleted";
    /// Time and author of a lead's deletion, in the tombstone.
    pub const DELETION: &str = "deletion";
    /// Number of the lead's log entries.
    pub const LOG_COUNT: &str = "logs";
    /// Number of the comments on the lead.
    pub const COMMENT_COUNT: &str = "comments";
    /// Ids that other systems have for the lead, by system. A lead without such ids lacks the attribute.
    pub const EXTERNAL_IDS: &str = "externalIds";
    /// Search entries and business entries of the lead that are stale and still to be deleted.
    pub const STALE_ENTRIES: &str = "stale";
    /// Time of the last write of the lead, including writes that do not change the version.
    pub const WRITTEN_AT: &str = "writtenAt";
}

/// A log entry or a comment.
pub mod entry {
    /// Id of the log entry or comment.
    pub const ID: &str = "id";
}

/// A search entry.
pub mod search_entry {
    /// All indexed words of the lead, joined to one string.
    pub const INDEXED_WORDS: &str = "words";
}

/// A photo.
pub mod photo {
    /// Id of the lead that the photo is attached to.
    pub const ATTACHED_TO_LEAD: &str = "lead";
    /// Time until which the upload can be attached to a lead, in seconds since 1970.
    pub const ATTACHABLE_UNTIL: &str = "until";
    /// Whether the clean-up has removed the photo's S3 objects once.
    pub const OBJECTS_REMOVED: &str = "emptied";
}

/// A counter copy (shard), or a rollup item.
pub mod counter {
    /// Deleted statuses or businesses, which no lead may be given any more. The counter of all leads lists statuses,
    /// the counters of businesses list businesses.
    pub const RETIRED_REFERENCES: &str = "closed";
    /// The last closed day: no write adds to counter copies of this or an earlier day. In a rollup item: the last day
    /// of writes that the item contains.
    pub const LAST_CLOSED_DAY: &str = "through";
    /// Day of the last write to a copy of the counter of all leads.
    pub const LAST_WRITE_DAY: &str = "generation";
}

/// Counter of a team's API keys, forms or webhooks, which limits their number.
pub mod quota {
    /// Number of the team's API keys, forms or webhooks.
    pub const ITEM_COUNT: &str = "count";
}

/// An API key.
pub mod api_key {
    /// Day on which the API key was last used.
    pub const LAST_USED_ON: &str = "lastUsedOn";
}

/// Rate-limit counter of a form in one minute.
pub mod form_minute {
    /// Number of all posts of the form in the minute.
    pub const ALL_POSTS: &str = "all";
    /// Prefix of the attribute that counts one sender's posts. The hash of the sender follows.
    pub const SENDER_POSTS_PREFIX: &str = "by";
}

/// The statistics of a form.
pub mod form_statistics {
    /// Number of accepted submissions.
    pub const ACCEPTED_SUBMISSIONS: &str = "submissions";
    /// Number of submissions that filled in the honeypot.
    pub const SPAM_SUBMISSIONS: &str = "spam";
    /// Time of the last accepted submission.
    pub const LAST_SUBMITTED_AT: &str = "lastSubmittedAt";
    /// Names of unknown fields that submissions sent last.
    pub const IGNORED_FIELD_NAMES: &str = "ignored";
}

/// A page of the feed.
pub mod feed_page {
    /// Time at which the page was published.
    pub const AT: &str = "at";
    /// Ids of the log entries and tombstones from which the events of this page of the feed are made.
    pub const EVENT_SOURCES: &str = "sources";
    /// The page's events: a JSON array, compressed (raw DEFLATE, RFC 1951).
    pub const COMPRESSED_EVENTS: &str = "events";
}
