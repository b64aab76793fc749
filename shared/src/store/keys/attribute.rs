//! Names of attributes that expressions use, by the item that owns them. The other attributes are fields of serialised
//! values, which only serde names.

/// The table's partition key.
pub const PK: &str = "PK";
/// The table's sort key.
pub const SK: &str = "SK";
/// Expiry for DynamoDB's time to live, in seconds since 1970.
pub const TTL: &str = "ttl";
/// The sort key of the indexes over leads.
pub const SORT_POSITION: &str = "sortPosition";
/// The sort key of the index of clean-up tasks: the time at which a task is due.
pub const DUE: &str = "due";
/// The idempotency token of the transaction that wrote the item.
pub const WRITTEN_BY: &str = "writtenBy";
/// The version of a lead, a team or a webhook. Each write adds one.
pub const VERSION: &str = "version";

/// The partition keys of the indexes, see [`super::Index`].
pub mod index {
    /// Archived flag and state of a lead.
    pub const BY_ARCHIVED: &str = "byArchived";
    /// Archived flag, state and status of a lead.
    pub const BY_STATUS: &str = "byStatus";
    /// Source of a lead.
    pub const BY_SOURCE: &str = "bySource";
    /// Partition of a clean-up task, in one of several shards (`CLEANUP#0`).
    pub const CLEANUP: &str = "cleanup";
}

/// A lead.
pub mod lead {
    /// Ids of its businesses.
    pub const BUSINESS: &str = "business";
    /// Id of its status.
    pub const STATUS_ID: &str = "statusId";
    /// `Active` or `Inactive`.
    pub const STATE: &str = "state";
    /// Whether it is archived.
    pub const ARCHIVED: &str = "archived";
    /// Makes the item a tombstone. It identifies the request that deleted the lead.
    pub const DELETED: &str = "deleted";
    /// In a tombstone: time and author of the deletion.
    pub const DELETION: &str = "deletion";
    /// Number of log entries.
    pub const LOG_COUNT: &str = "logs";
    /// Number of comments.
    pub const COMMENT_COUNT: &str = "comments";
    /// Words whose search entries are to be removed.
    pub const STALE_WORDS: &str = "staleWords";
    /// Time of the last write, including writes that do not change the version.
    pub const WRITTEN_AT: &str = "writtenAt";
}

/// A log entry or a comment.
pub mod entry {
    /// Its id.
    pub const ID: &str = "id";
}

/// A search entry.
pub mod search_entry {
    /// All indexed words of the lead, in one text.
    pub const WORDS: &str = "words";
}

/// A photo.
pub mod photo {
    /// The lead that has it.
    pub const LEAD: &str = "lead";
    /// Until when it can be given to a lead, in seconds since 1970.
    pub const UNTIL: &str = "until";
    /// Whether its objects were removed once.
    pub const EMPTIED: &str = "emptied";
}

/// A copy of a counter, or a rollup.
pub mod counter {
    /// Retired references, which no lead may be given any more. The counter of all leads has statuses, the counters of
    /// businesses have businesses.
    pub const RETIRED_REFERENCES: &str = "closed";
    /// The last closed day: nothing is added to its copies any more. In a rollup, the last day that it contains.
    pub const CLOSED_THROUGH: &str = "through";
    /// Day of the last write, in a copy of the counter of all leads.
    pub const GENERATION: &str = "generation";
}

/// The number of a team's keys, forms or webhooks.
pub mod quota {
    /// The number.
    pub const COUNT: &str = "count";
}

/// An API key.
pub mod api_key {
    /// Day of the last use.
    pub const LAST_USED_ON: &str = "lastUsedOn";
}

/// The posts of a form in one minute.
pub mod form_minute {
    /// Number of all posts.
    pub const ALL: &str = "all";
    /// Prefix of the number of one sender's posts, followed by the hashed sender.
    pub const OF_SENDER_PREFIX: &str = "by";
}

/// The statistics of a form.
pub mod form_statistics {
    /// Number of accepted submissions.
    pub const SUBMISSIONS: &str = "submissions";
    /// Number of submissions that filled in the honeypot.
    pub const SPAM: &str = "spam";
    /// Time of the last accepted submission.
    pub const LAST_SUBMITTED_AT: &str = "lastSubmittedAt";
    /// Names of the last unknown fields.
    pub const IGNORED: &str = "ignored";
}

/// A page of the feed.
pub mod feed_page {
    /// When the page was published.
    pub const AT: &str = "at";
    /// The log entries that the page's events are made from.
    pub const SOURCES: &str = "sources";
    /// The events: a JSON array, compressed (RFC 1951).
    pub const EVENTS: &str = "events";
}
