//! Formats of keys, and names of indexes and their attributes. No other code knows them; `template.yaml` declares the
//! same names.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;

use super::Item;
use crate::model::{
    Actor, Agent, ApiKeyId, BusinessId, CommentId, CopyId, CounterKey, FormId, Group, Lead, LeadId, Named as _,
    PhotoName, Position, SourceHash, State, StatusId, TeamId, Timestamp, WebhookId,
};

/// The table's partition key attribute.
pub const PK: &str = "PK";
/// The table's sort key attribute.
pub const SK: &str = "SK";
/// The TTL attribute: seconds since 1970.
pub const TTL: &str = "ttl";
/// The sort key attribute of the indexes over leads.
pub const SORT_POSITION: &str = "sortPosition";
/// The sort key attribute of the index of clean-up tasks: the time at which a task is due.
pub const DUE: &str = "due";

/// The attribute with the idempotency token of the transaction that wrote the item.
pub const WRITTEN_BY: &str = "writtenBy";

/// Prefix of the sort keys of a lead's log entries.
const LOGS: &str = "LOG#";
/// Prefix of the sort keys of a lead's comments.
const COMMENTS: &str = "COMMENT#";
/// Prefix of the sort keys of stored batch results.
const ROWS: &str = "ROWS#";
/// Prefix of the sort keys of API keys.
const API_KEYS: &str = "KEY#";
/// Prefix of the sort keys of forms.
const FORMS: &str = "FORM#";
/// Prefix of the sort keys of forms' statistics.
const STATISTICS: &str = "STATISTICS#";
/// Prefix of the sort keys of webhooks.
const WEBHOOKS: &str = "WEBHOOK#";
/// Prefix of the sort keys of event pages.
const EVENTS: &str = "EVENT#";
/// Prefix of the sort keys of a webhook's deliveries.
const DELIVERIES: &str = "DELIVERY#";
/// Prefix of the sort keys of a webhook's failed deliveries.
const FAILED_DELIVERIES: &str = "FAILED#";

/// An item of a team. `docs/architecture.md` has a table of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// The team: statuses and businesses.
    Team,
    /// The last ids that were taken, by kind.
    Sequences,
    /// A lead or its tombstone.
    Lead(LeadId),
    /// A log entry of a lead.
    Log(LeadId, &'a Position),
    /// A comment on a lead.
    Comment(LeadId, &'a Position),
    /// Pointer to a comment, by the comment's id.
    CommentPointer(CommentId),
    /// Lock of an e-mail address, by the address's fingerprint. It names the lead that has the address.
    EmailLock(&'a str),
    /// Entry of a lead in a business's list.
    BusinessLead(BusinessId, &'a Position),
    /// Search entry: a word of a lead.
    Word(&'a str, LeadId),
    /// A copy of a counter.
    Count(&'a CounterKey, CopyId),
    /// A rollup of counters.
    Rollup(&'a Rollup),
    /// Progress of a team's rollups.
    RollupProgress,
    /// An uploaded photo.
    Photo(&'a PhotoName),
    /// Stored answer of a request, by its author and the hash of its idempotency key.
    StoredResponse(&'a Actor, &'a str),
    /// Stored results of batch rows, by the index of the first row.
    StoredRows(&'a Actor, &'a str, usize),
    /// An API key.
    ApiKey(ApiKeyId),
    /// Number of API keys.
    ApiKeyCount,
    /// A form.
    Form(FormId),
    /// Statistics of a form.
    FormStatistics(FormId),
    /// Number of forms.
    FormCount,
    /// Rate limit of a form in one minute: number of posts in total and by sender.
    FormMinute(FormId, Timestamp),
    /// A webhook.
    Webhook(WebhookId),
    /// Number of webhooks.
    WebhookCount,
    /// Page of events, by the number of its first event.
    EventPage(u64),
    /// Number of the first event of the feed.
    FeedStart,
    /// Delivery of an event to a webhook.
    Delivery(WebhookId, &'a Position),
    /// Entry in a webhook's list of failed deliveries.
    FailedDelivery(WebhookId, &'a Position),
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
    /// The key of a stored item.
    pub fn of(item: &Item) -> Option<Self> {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(Self { pk: text(PK)?, sk: text(SK)? })
    }

    /// Kind of the item, for the log. It holds no text of callers.
    pub fn kind(&self) -> &str {
        match self.pk.split('#').nth(2) {
            // The sort keys of these kinds are words and times, so that the partition key has to tell the kind.
            Some(kind @ ("WORD" | "BUSINESS")) => kind,
            _ => self.sk.split('#').next().unwrap_or_default(),
        }
    }

    /// As attributes.
    pub fn attributes(self) -> Item {
        HashMap::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}

impl Key<'_> {
    /// The key of this item in a team.
    pub fn of(&self, team: &TeamId) -> PrimaryKey {
        let sk = match self {
            Self::Team => "TEAM".to_owned(),
            Self::Sequences => "SEQ".to_owned(),
            Self::Lead(_) => "LEAD".to_owned(),
            Self::Log(_, position) => format!("{LOGS}{}", position.as_str()),
            Self::Comment(_, position) => format!("{COMMENTS}{}", position.as_str()),
            Self::CommentPointer(_) => "COMMENT".to_owned(),
            Self::EmailLock(_) => "EMAIL".to_owned(),
            Self::BusinessLead(_, position) => position.as_str().to_owned(),
            Self::Word(word, id) => format!("{word} {:016}", LeadId::MAX - id.get()),
            Self::Count(counter, copy) => count_sort_key(counter, *copy),
            Self::Rollup(rollup) => rollup_sort_key(rollup),
            Self::RollupProgress => "ROLLUP".to_owned(),
            Self::Photo(_) => "PHOTO".to_owned(),
            Self::StoredResponse(..) => "IDEM".to_owned(),
            Self::StoredRows(_, _, first) => format!("{ROWS}{first:03}"),
            Self::ApiKey(id) => format!("{API_KEYS}{id:016}"),
            Self::ApiKeyCount | Self::FormCount | Self::WebhookCount => "COUNT".to_owned(),
            Self::Form(id) => format!("{FORMS}{id:016}"),
            Self::FormStatistics(id) => format!("{STATISTICS}{id:016}"),
            Self::FormMinute(_, at) => format!("MINUTE#{}", at.as_second() / 60),
            Self::Webhook(id) => format!("{WEBHOOKS}{id:016}"),
            Self::EventPage(first) => event_page(*first),
            Self::FeedStart => "START".to_owned(),
            Self::Delivery(_, position) => format!("{DELIVERIES}{}", position.as_str()),
            Self::FailedDelivery(_, position) => format!("{FAILED_DELIVERIES}{}", position.as_str()),
        };
        PrimaryKey { pk: self.partition(team), sk }
    }

    /// The key as attributes.
    pub fn attributes(&self, team: &TeamId) -> Item {
        self.of(team).attributes()
    }

    fn partition(&self, team: &TeamId) -> String {
        let team = team.as_str();
        match self {
            Self::Team | Self::Sequences => format!("T#{team}"),
            Self::Lead(id) | Self::Log(id, _) | Self::Comment(id, _) => format!("T#{team}#LEAD#{id}"),
            Self::CommentPointer(id) => format!("T#{team}#COMMENT#{id}"),
            Self::EmailLock(email) => format!("T#{team}#EMAIL#{email}"),
            Self::BusinessLead(id, _) => format!("T#{team}#BUSINESS#{id}"),
            // The partition is the first letter of the word.
            Self::Word(word, _) => format!("T#{team}#WORD#{}", word.chars().next().unwrap_or_default()),
            Self::Count(..) | Self::Rollup(_) | Self::RollupProgress => format!("T#{team}#COUNTS"),
            Self::Photo(name) => format!("T#{team}#PHOTO#{name}"),
            Self::StoredResponse(actor, key) | Self::StoredRows(actor, key, _) => {
                format!("T#{team}#IDEM#{}#{key}", author(actor))
            }
            Self::ApiKey(_) | Self::ApiKeyCount => format!("T#{team}#KEYS"),
            Self::Form(_) | Self::FormStatistics(_) | Self::FormCount => format!("T#{team}#FORMS"),
            Self::FormMinute(id, _) => format!("T#{team}#FORM#{id}"),
            Self::Webhook(_) | Self::WebhookCount => format!("T#{team}#WEBHOOKS"),
            Self::EventPage(_) | Self::FeedStart => format!("T#{team}#EVENTS"),
            Self::Delivery(id, _) | Self::FailedDelivery(id, _) => format!("T#{team}#WEBHOOK#{id}"),
        }
    }
}

/// Numbers have one length, so that the keys sort as numbers.
fn event_page(first: u64) -> String {
    format!("{EVENTS}{first:016}")
}

/// Author of a stored answer. A key or form that acts for a user is another author than the user.
fn author(actor: &Actor) -> String {
    let user = actor.user.id;
    match &actor.agent {
        None => user.to_string(),
        Some(Agent::Key(key)) => format!("{user}K{}", key.id),
        Some(Agent::Form(form)) => format!("{user}F{}", form.id),
    }
}

/// A key that no item has, for opening connections.
pub fn nothing() -> PrimaryKey {
    PrimaryKey { pk: "NOTHING".to_owned(), sk: "NOTHING".to_owned() }
}

/// A rollup, by the counters that it merges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollup {
    /// Counters by day, of the month that starts on this day.
    Days(Date),
    /// Counters of groups without their days: groups of a source (or without one), in one of several buckets.
    Groups(Option<SourceHash>, u64),
    /// Counters of groups by day, of the month that starts on this day, in one of several buckets.
    GroupDays(Date, u64),
}

fn month(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

fn source_name(source: Option<&SourceHash>) -> &str {
    source.map_or("", SourceHash::as_str)
}

fn count_sort_key(counter: &CounterKey, CopyId { generation, shard }: CopyId) -> String {
    match counter {
        CounterKey::All => format!("ALL#{shard}"),
        CounterKey::Source(source) => format!("SOURCE#{}#{shard}", source.as_str()),
        CounterKey::Businesses(bucket) => format!("BUSINESSES#{bucket:02}#{shard}"),
        CounterKey::Day(day) => format!("DAY#{day}#{generation}#{shard}"),
        CounterKey::Group(day, group) => {
            let source = source_name(group.source.as_ref());
            format!("GROUP#{day}#{generation}#{}#{source}#{shard}", business_list(&group.businesses))
        }
    }
}

fn rollup_sort_key(rollup: &Rollup) -> String {
    match rollup {
        Rollup::Days(first) => format!("DAYS#{}", month(*first)),
        Rollup::Groups(source, bucket) => format!("GROUPS#{}#{bucket:02}", source_name(source.as_ref())),
        Rollup::GroupDays(first, bucket) => format!("GROUPDAYS#{}#{bucket:02}", month(*first)),
    }
}

/// `1,2`
pub fn business_list(businesses: &[BusinessId]) -> String {
    businesses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Parses what [`business_list`] wrote.
pub fn businesses_of(list: &str) -> Option<Vec<BusinessId>> {
    list.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
}

/// A range of sort keys in one partition of the table or of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The index. `None` for the table itself.
    pub index: Option<Index>,
    /// The partition.
    pub pk: String,
    /// Prefix of the sort keys, before the sort position.
    pub prefix: &'static str,
    /// The sort keys.
    pub sk: SortKeys,
}

/// A condition on sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKeys {
    /// Every one.
    All,
    /// Sort keys with this prefix.
    Prefix(String),
    /// Sort keys between two values, both included.
    Between(String, String),
}

/// The `~` sorts after everything that may follow a day or a month.
fn between(kind: &str, first: String, last: String) -> SortKeys {
    SortKeys::Between(format!("{kind}#{first}"), format!("{kind}#{last}~"))
}

impl Range {
    fn table(pk: String, sk: SortKeys) -> Self {
        Self { index: None, pk, prefix: "", sk }
    }

    /// The log of a lead.
    pub fn logs(team: &TeamId, id: LeadId) -> Self {
        Self { prefix: LOGS, ..Self::table(Key::Lead(id).partition(team), SortKeys::Prefix(LOGS.to_owned())) }
    }

    /// The comments on a lead.
    pub fn comments(team: &TeamId, id: LeadId) -> Self {
        Self { prefix: COMMENTS, ..Self::table(Key::Lead(id).partition(team), SortKeys::Prefix(COMMENTS.to_owned())) }
    }

    /// Every item of a lead's partition: itself, its log, its comments.
    pub fn lead_partition(team: &TeamId, id: LeadId) -> Self {
        Self::table(Key::Lead(id).partition(team), SortKeys::All)
    }

    /// The leads of a business.
    pub fn business_leads(team: &TeamId, id: BusinessId) -> Self {
        Self::table(format!("T#{}#BUSINESS#{id}", team.as_str()), SortKeys::All)
    }

    /// The search entries whose word begins with `start`, in order of words; for each word the newest lead first.
    pub fn words(team: &TeamId, start: &str) -> Self {
        let pk = Key::Word(start, LeadId::MIN).partition(team);
        Self::table(pk, SortKeys::Prefix(start.to_owned()))
    }

    /// The stored answer of a request, and the stored results of its rows.
    pub fn stored_response(actor: &Actor, key: &str) -> Self {
        Self::table(Key::StoredResponse(actor, key).partition(&actor.team), SortKeys::All)
    }

    /// The API keys of a team, by id.
    pub fn api_keys(team: &TeamId) -> Self {
        Self::table(Key::ApiKeyCount.partition(team), SortKeys::Prefix(API_KEYS.to_owned()))
    }

    /// The forms of a team by id, and their statistics.
    pub fn forms(team: &TeamId) -> Self {
        let all = SortKeys::Between(FORMS.to_owned(), format!("{STATISTICS}~"));
        Self::table(Key::FormCount.partition(team), all)
    }

    /// The webhooks of a team, by id.
    pub fn webhooks(team: &TeamId) -> Self {
        Self::table(Key::WebhookCount.partition(team), SortKeys::Prefix(WEBHOOKS.to_owned()))
    }

    /// The event pages of a team from this number on.
    pub fn events(team: &TeamId, first: u64) -> Self {
        // The `~` sorts after every number.
        let all = SortKeys::Between(event_page(first), format!("{EVENTS}~"));
        Self::table(Key::FeedStart.partition(team), all)
    }

    /// The event pages of a team whose first number is in this range.
    pub fn events_within(team: &TeamId, numbers: std::ops::RangeInclusive<u64>) -> Self {
        let some = SortKeys::Between(event_page(*numbers.start()), event_page(*numbers.end()));
        Self::table(Key::FeedStart.partition(team), some)
    }

    /// The deliveries of a webhook.
    pub fn deliveries(team: &TeamId, id: WebhookId) -> Self {
        let pk = Key::Delivery(id, &Position::start_of(Timestamp::default())).partition(team);
        Self { prefix: DELIVERIES, ..Self::table(pk, SortKeys::Prefix(DELIVERIES.to_owned())) }
    }

    /// The failed deliveries of a webhook.
    pub fn failed_deliveries(team: &TeamId, id: WebhookId) -> Self {
        Self {
            prefix: FAILED_DELIVERIES,
            sk: SortKeys::Prefix(FAILED_DELIVERIES.to_owned()),
            ..Self::deliveries(team, id)
        }
    }

    fn counts(team: &TeamId, sk: SortKeys) -> Self {
        Self::table(Key::RollupProgress.partition(team), sk)
    }

    /// All copies of a counter that is not kept by day.
    pub fn copies(team: &TeamId, counter: &CounterKey) -> Self {
        let copy = count_sort_key(counter, CopyId::undated(0));
        Self::counts(team, SortKeys::Prefix(copy.trim_end_matches('0').to_owned()))
    }

    /// Copies of counters by day that are not removed yet.
    pub fn open_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAY", first.to_string(), last.to_string()))
    }

    /// Copies of counters of groups that are not removed yet, for leads created on these days.
    pub fn open_groups(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUP", first.to_string(), last.to_string()))
    }

    /// Rollups of counters by day, for the months of these days.
    pub fn rollup_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAYS", month(first), month(last)))
    }

    /// Rollups of groups by day, for the months of these days.
    pub fn rollup_group_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUPDAYS", month(first), month(last)))
    }

    /// Rollups of groups without their days.
    pub fn rollup_groups(team: &TeamId, source: Option<&SourceHash>) -> Self {
        let of_source = source.map(|source| format!("GROUPS#{}#", source.as_str()));
        Self::counts(team, SortKeys::Prefix(of_source.unwrap_or_else(|| "GROUPS#".to_owned())))
    }

    /// The leads of an index's partition.
    pub fn listed(team: &TeamId, partition: &IndexPartition) -> Self {
        Self { index: Some(partition.index()), pk: partition.value(team), prefix: "", sk: SortKeys::All }
    }

    /// Clean-up tasks that were due by `now`, in one of [`CLEANUP_SHARDS`].
    pub fn cleanup_tasks(shard: u8, now: Timestamp) -> Self {
        let due = SortKeys::Between("0".to_owned(), due(now));
        Self { index: Some(Index::Cleanup), ..Self::table(cleanup_partition(shard), due) }
    }

    /// Name of the range's sort key attribute.
    pub fn sort_attribute(&self) -> &'static str {
        self.index.map_or(SK, Index::sort_attribute)
    }

    /// Name of the range's partition key attribute.
    pub fn partition_attribute(&self) -> &'static str {
        self.index.map_or(PK, Index::attribute)
    }

    /// The part of the range after a sort position (before it if `descending`), and within bounds.
    #[must_use]
    pub fn within(
        self,
        first: Option<&Position>,
        end: Option<&Position>,
        after: Option<&Position>,
        descending: bool,
    ) -> Self {
        // A position followed by `-` sorts just after the position and before the next one.
        let behind = |position: &Position| format!("{}-", position.as_str());
        let before = |position: &Position| {
            let text = position.as_str();
            let (millis, id) = text.split_once('-').unwrap_or((text, "0"));
            match id.parse::<u64>().ok().and_then(|id| id.checked_sub(1)) {
                Some(id) => format!("{millis}-{id:016}-"),
                None => format!("{:013}-~", millis.parse::<u64>().unwrap_or(0).saturating_sub(1)),
            }
        };
        let mut low = first.map_or_else(|| "0".to_owned(), |position| position.as_str().to_owned());
        let mut high = end.map_or_else(|| "~".to_owned(), before);
        if let Some(after) = after {
            if descending {
                high = high.min(before(after));
            } else {
                low = low.max(behind(after));
            }
        }
        let prefixed = |position: String| format!("{}{position}", self.prefix);
        Self { sk: SortKeys::Between(prefixed(low), prefixed(high)), ..self }
    }
}

/// The global secondary indexes. Those of leads project the fields of [`crate::model::LeadSummary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Leads by archived flag and state.
    ByArchived,
    /// Leads by archived flag, state and status.
    ByStatus,
    /// By source.
    BySource,
    /// Clean-up tasks of all teams. Projects keys only.
    Cleanup,
}

impl Index {
    /// Every index.
    pub const ALL: [Self; 4] = [Self::ByArchived, Self::ByStatus, Self::BySource, Self::Cleanup];

    /// Name of the index in the template.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByArchived => "leads-by-archived",
            Self::ByStatus => "leads-by-status",
            Self::BySource => "leads-by-source",
            Self::Cleanup => "cleanup",
        }
    }

    /// Name of the partition key attribute.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::ByArchived => "byArchived",
            Self::ByStatus => "byStatus",
            Self::BySource => "bySource",
            Self::Cleanup => "cleanup",
        }
    }

    /// Name of the sort key attribute.
    pub fn sort_attribute(self) -> &'static str {
        match self {
            Self::ByArchived | Self::ByStatus | Self::BySource => SORT_POSITION,
            Self::Cleanup => DUE,
        }
    }
}

/// A partition of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexPartition {
    /// Leads by archived flag and state.
    Archived(bool, State),
    /// Leads by archived flag, state and status.
    Status(bool, State, StatusId),
    /// Leads by source.
    Source(SourceHash),
}

impl IndexPartition {
    /// Its index.
    pub fn index(&self) -> Index {
        match self {
            Self::Archived(..) => Index::ByArchived,
            Self::Status(..) => Index::ByStatus,
            Self::Source(_) => Index::BySource,
        }
    }

    /// The value of the index's partition key.
    pub fn value(&self, team: &TeamId) -> String {
        let team = team.as_str();
        let flag = |archived: &bool| if *archived { "ARCHIVED" } else { "LIVE" };
        match self {
            Self::Archived(archived, state) => format!("T#{team}#{}#{}", flag(archived), state.name()),
            Self::Status(archived, state, id) => format!("T#{team}#{}#{}#{id}", flag(archived), state.name()),
            Self::Source(source) => format!("T#{team}#SOURCE#{}", source.as_str()),
        }
    }

    /// The attributes of a lead's item that place it in the indexes, beside its sort position.
    pub fn attributes_of(team: &TeamId, lead: &Lead) -> Item {
        let source = lead.derived.source.clone().map(Self::Source);
        let partitions = [
            Some(Self::Archived(lead.archived, lead.state)),
            Some(Self::Status(lead.archived, lead.state, lead.status_id)),
            source,
        ];
        let attribute = |p: Self| (p.index().attribute().to_owned(), AttributeValue::S(p.value(team)));
        partitions.into_iter().flatten().map(attribute).collect()
    }
}

/// Number of partitions of the index of clean-up tasks, so that a single one does not limit the rate of deletions.
pub const CLEANUP_SHARDS: u8 = 4;

/// A clean-up task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupTask {
    /// A tombstone, or a lead with stale search entries.
    Lead(LeadId),
    /// A photo without a lead.
    Photo(PhotoName),
    /// Counters of a team, to be rolled up.
    Counts,
}

impl CleanupTask {
    /// The attributes that make an item a clean-up task, due at a time.
    pub fn attributes(due_at: Timestamp) -> Item {
        let partition = cleanup_partition(fastrand::u8(..CLEANUP_SHARDS));
        let attribute = |name: &str, value| (name.to_owned(), AttributeValue::S(value));
        HashMap::from([attribute(Index::Cleanup.attribute(), partition), attribute(DUE, due(due_at))])
    }

    /// The team and the task of an index entry.
    pub fn of(item: &Item) -> Option<(TeamId, Self)> {
        let pk = item.get(PK)?.as_s().ok()?;
        let mut parts = pk.strip_prefix("T#")?.splitn(3, '#');
        let team = parts.next()?.parse().ok()?;
        let task = match (parts.next()?, parts.next()) {
            ("LEAD", Some(id)) => Self::Lead(id.parse().ok()?),
            ("PHOTO", Some(name)) => Self::Photo(name.parse().ok()?),
            ("COUNTS", None) => Self::Counts,
            _ => return None,
        };
        Some((team, task))
    }
}

fn cleanup_partition(shard: u8) -> String {
    format!("CLEANUP#{shard}")
}

/// Times have one length, so that they sort as text.
fn due(at: Timestamp) -> String {
    at.to_string()
}

fn sort_key(item: &Item) -> Option<&str> {
    item.get(SK)?.as_s().ok().map(String::as_str)
}

/// The sort position of an item of a range.
pub fn position_of(item: &Item, range: &Range) -> Option<Position> {
    let text = item.get(range.sort_attribute())?.as_s().ok()?;
    Position::parse(text.strip_prefix(range.prefix)?)
}

/// Whether the key is a comment's.
pub fn is_comment(key: &PrimaryKey) -> bool {
    key.sk.starts_with(COMMENTS)
}

/// The team and lead of an item in a lead's partition, and whether the item is the lead itself.
pub fn lead_of(item: &Item) -> Option<(TeamId, LeadId, bool)> {
    let key = PrimaryKey::of(item)?;
    let (team, id) = key.pk.strip_prefix("T#")?.split_once("#LEAD#")?;
    Some((team.parse().ok()?, id.parse().ok()?, key.sk == "LEAD"))
}

/// The number of the first event of a page.
pub fn event_page_of(item: &Item) -> Option<u64> {
    sort_key(item)?.strip_prefix(EVENTS)?.parse().ok()
}

/// Whether the key is a log entry's.
pub fn is_log(key: &PrimaryKey) -> bool {
    key.sk.starts_with(LOGS)
}

/// The form of a statistics item.
pub fn form_of_statistics(key: &PrimaryKey) -> Option<FormId> {
    FormId::new(key.sk.strip_prefix(STATISTICS)?.parse().ok()?)
}

/// The lead's id that a sort position ends with.
pub fn lead_at(position: &Position) -> Option<LeadId> {
    LeadId::new(position.as_str().split_once('-')?.1.parse().ok()?)
}

/// The word and the lead of a search entry.
pub fn word_of(item: &Item) -> Option<(&str, LeadId)> {
    let (word, id) = sort_key(item)?.rsplit_once(' ')?;
    Some((word, LeadId::new(LeadId::MAX.checked_sub(id.parse().ok()?)?)?))
}

/// An item in the partition of a team's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountItem {
    /// A copy of a counter.
    Open(CounterKey, CopyId),
    /// A rollup, see [`Rollup`].
    Rollup(Rollup),
    /// Progress of rollups, see [`Key::RollupProgress`].
    RollupProgress,
}

/// The kind of an item in the partition of counters.
pub fn count_item(item: &Item) -> Option<CountItem> {
    let mut parts = sort_key(item)?.split('#');
    let kind = parts.next()?;
    let parts: Vec<&str> = parts.collect();
    let source = |text: &str| (!text.is_empty()).then(|| SourceHash::stored(text));
    let month = |text: &str| format!("{text}-01").parse().ok();
    let copy = |generation: &str, shard: &str| {
        Some(CopyId { generation: generation.parse().ok()?, shard: shard.parse().ok()? })
    };
    // Copies of counters that are not kept by day have no generation.
    let undated = |shard: &str| Some(CopyId::undated(shard.parse().ok()?));
    Some(match (kind, &parts[..]) {
        ("ALL", [shard]) => CountItem::Open(CounterKey::All, undated(shard)?),
        ("SOURCE", [hash, shard]) => CountItem::Open(CounterKey::Source(source(hash)?), undated(shard)?),
        ("BUSINESSES", [bucket, shard]) => {
            CountItem::Open(CounterKey::Businesses(bucket.parse().ok()?), undated(shard)?)
        }
        ("DAY", [day, generation, shard]) => {
            CountItem::Open(CounterKey::Day(day.parse().ok()?), copy(generation, shard)?)
        }
        ("GROUP", [day, generation, list, hash, shard]) => {
            let group = Group { businesses: businesses_of(list)?, source: source(hash) };
            CountItem::Open(CounterKey::Group(day.parse().ok()?, group), copy(generation, shard)?)
        }
        ("DAYS", [first]) => CountItem::Rollup(Rollup::Days(month(first)?)),
        ("GROUPS", [hash, bucket]) => CountItem::Rollup(Rollup::Groups(source(hash), bucket.parse().ok()?)),
        ("GROUPDAYS", [first, bucket]) => CountItem::Rollup(Rollup::GroupDays(month(first)?, bucket.parse().ok()?)),
        ("ROLLUP", []) => CountItem::RollupProgress,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentName, User};

    fn team() -> TeamId {
        "demo".parse().unwrap_or_else(|()| unreachable!())
    }

    fn lead(id: u64) -> LeadId {
        LeadId::new(id).unwrap_or_else(|| unreachable!())
    }

    fn businesses(ids: &[u64]) -> Vec<BusinessId> {
        ids.iter().filter_map(|id| BusinessId::new(*id)).collect()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms)
    }

    #[test]
    fn what_an_item_is_of_is_nothing_that_a_caller_wrote() {
        let position = Position::new(at(1_700_000_000_000), 7);
        let business = businesses(&[7])[0];
        for (key, kind) in [
            (Key::Team, "TEAM"),
            (Key::Lead(lead(7)), "LEAD"),
            (Key::Log(lead(7), &position), "LOG"),
            (Key::Word("jane@example.com", lead(7)), "WORD"),
            (Key::BusinessLead(business, &position), "BUSINESS"),
            (Key::Count(&CounterKey::All, CopyId::undated(0)), "ALL"),
        ] {
            assert_eq!(key.of(&team()).kind(), kind);
        }
    }

    #[test]
    fn the_formats_are_pinned() {
        let position = Position::new(at(1_700_000_000_000), 7);
        let email: crate::model::Email = "John@Example.com".parse().unwrap_or_else(|_| unreachable!());
        let email = email.fingerprint();
        let photo: PhotoName = "photo.jpg".parse().unwrap_or_else(|()| unreachable!());
        let day = Date::constant(2026, 1, 31);
        let source = SourceHash::of("Referral").unwrap_or_else(|| unreachable!());
        let copy = CopyId { generation: Date::constant(2026, 2, 1), shard: 3 };
        let of_source = CounterKey::Source(source.clone());
        let group = |ids: &[u64], source: Option<SourceHash>| Group { businesses: businesses(ids), source };
        let (some, none) = (group(&[1, 20], Some(source.clone())), group(&[], None));
        let (some, none) = (CounterKey::Group(day, some), CounterKey::Group(day, none));
        let (business, of_day) = (CounterKey::business(businesses(&[20])[0]), CounterKey::Day(day));
        let month = Date::constant(2026, 1, 1);
        let (days, group_days) = (Rollup::Days(month), Rollup::GroupDays(month, 15));
        let (groups, no_source) = (Rollup::Groups(Some(source), 9), Rollup::Groups(None, 63));
        let name = AgentName { id: 7, name: "Web site".to_owned() };
        let user = User { id: 4, email: String::new(), first_name: String::new(), last_name: String::new() };
        let user = Actor { team: team(), user, agent: None, at: at(0) };
        let machine = Actor { agent: Some(Agent::Key(name.clone())), ..user.clone() };
        let visitor = Actor { agent: Some(Agent::Form(name)), ..user.clone() };
        let pinned = [
            (Key::Team, "T#demo", "TEAM"),
            (Key::Sequences, "T#demo", "SEQ"),
            (Key::Lead(lead(7)), "T#demo#LEAD#7", "LEAD"),
            (Key::Log(lead(7), &position), "T#demo#LEAD#7", "LOG#1700000000000-0000000000000007"),
            (Key::Comment(lead(7), &position), "T#demo#LEAD#7", "COMMENT#1700000000000-0000000000000007"),
            (Key::CommentPointer(CommentId::MIN), "T#demo#COMMENT#1", "COMMENT"),
            (Key::EmailLock(&email), "T#demo#EMAIL#855f96e983f1f8e8be944692b6f719fd", "EMAIL"),
            (Key::BusinessLead(businesses(&[2])[0], &position), "T#demo#BUSINESS#2", "1700000000000-0000000000000007"),
            (Key::Word("john", lead(7)), "T#demo#WORD#j", "john 9007199254740984"),
            (Key::Count(&CounterKey::All, copy), "T#demo#COUNTS", "ALL#3"),
            (Key::Count(&of_source, copy), "T#demo#COUNTS", "SOURCE#44574c4ba2ea74ad4bf1e184133cdbf4#3"),
            (Key::Count(&business, copy), "T#demo#COUNTS", "BUSINESSES#02#3"),
            (Key::Count(&of_day, copy), "T#demo#COUNTS", "DAY#2026-01-31#2026-02-01#3"),
            (
                Key::Count(&some, copy),
                "T#demo#COUNTS",
                "GROUP#2026-01-31#2026-02-01#1,20#44574c4ba2ea74ad4bf1e184133cdbf4#3",
            ),
            (Key::Count(&none, copy), "T#demo#COUNTS", "GROUP#2026-01-31#2026-02-01###3"),
            (Key::Rollup(&days), "T#demo#COUNTS", "DAYS#2026-01"),
            (Key::Rollup(&groups), "T#demo#COUNTS", "GROUPS#44574c4ba2ea74ad4bf1e184133cdbf4#09"),
            (Key::Rollup(&no_source), "T#demo#COUNTS", "GROUPS##63"),
            (Key::Rollup(&group_days), "T#demo#COUNTS", "GROUPDAYS#2026-01#15"),
            (Key::RollupProgress, "T#demo#COUNTS", "ROLLUP"),
            (Key::Photo(&photo), "T#demo#PHOTO#photo.jpg", "PHOTO"),
            (Key::StoredResponse(&user, "ab12"), "T#demo#IDEM#4#ab12", "IDEM"),
            (Key::StoredResponse(&machine, "ab12"), "T#demo#IDEM#4K7#ab12", "IDEM"),
            (Key::StoredResponse(&visitor, "ab12"), "T#demo#IDEM#4F7#ab12", "IDEM"),
            (Key::StoredRows(&user, "ab12", 7), "T#demo#IDEM#4#ab12", "ROWS#007"),
            (Key::ApiKey(ApiKeyId::MIN), "T#demo#KEYS", "KEY#0000000000000001"),
            (Key::ApiKeyCount, "T#demo#KEYS", "COUNT"),
            (Key::Form(FormId::MIN), "T#demo#FORMS", "FORM#0000000000000001"),
            (Key::FormStatistics(FormId::MIN), "T#demo#FORMS", "STATISTICS#0000000000000001"),
            (Key::FormCount, "T#demo#FORMS", "COUNT"),
            (Key::FormMinute(FormId::MIN, at(120_999)), "T#demo#FORM#1", "MINUTE#2"),
            (Key::Webhook(WebhookId::MIN), "T#demo#WEBHOOKS", "WEBHOOK#0000000000000001"),
            (Key::WebhookCount, "T#demo#WEBHOOKS", "COUNT"),
            (Key::EventPage(7), "T#demo#EVENTS", "EVENT#0000000000000007"),
            (Key::FeedStart, "T#demo#EVENTS", "START"),
            (Key::Delivery(WebhookId::MIN, &position), "T#demo#WEBHOOK#1", "DELIVERY#1700000000000-0000000000000007"),
            (
                Key::FailedDelivery(WebhookId::MIN, &position),
                "T#demo#WEBHOOK#1",
                "FAILED#1700000000000-0000000000000007",
            ),
        ];
        for (key, pk, sk) in pinned {
            assert_eq!(key.of(&team()), PrimaryKey { pk: pk.into(), sk: sk.into() });
            let read = count_item(&key.attributes(&team()));
            let expected = match key {
                Key::Count(counter @ (CounterKey::Day(_) | CounterKey::Group(..)), copy) => {
                    Some(CountItem::Open(counter.clone(), copy))
                }
                Key::Count(counter, copy) => Some(CountItem::Open(counter.clone(), CopyId::undated(copy.shard))),
                Key::Rollup(rollup) => Some(CountItem::Rollup(rollup.clone())),
                Key::RollupProgress => Some(CountItem::RollupProgress),
                _ => None,
            };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn cleanup_tasks_are_known_by_their_keys() {
        let photo: PhotoName = "a.jpg".parse().unwrap_or_else(|()| unreachable!());
        let of = |key: Key<'_>| CleanupTask::of(&key.attributes(&team()));
        assert_eq!(of(Key::Lead(lead(7))), Some((team(), CleanupTask::Lead(lead(7)))));
        assert_eq!(of(Key::Photo(&photo)), Some((team(), CleanupTask::Photo(photo.clone()))));
        let copy = CopyId::undated(0);
        assert_eq!(of(Key::Count(&CounterKey::All, copy)), Some((team(), CleanupTask::Counts)));
        assert_eq!(of(Key::Team), None);
        assert_eq!(due(at(1_700_000_000_999)), "2023-11-14T22:13:20.999Z");
        let attributes = CleanupTask::attributes(at(0));
        assert!(attributes["cleanup"].as_s().is_ok_and(|partition| partition.starts_with("CLEANUP#")));
    }

    #[test]
    fn ranges_by_position_neither_skip_nor_repeat() {
        let positions: Vec<Position> =
            [(5, 1), (5, 2), (6, 1), (7, 10)].map(|(ms, id)| Position::new(at(ms), id)).into();
        let range = |first, end, after, descending| {
            let all = Range::business_leads(&team(), businesses(&[1])[0]).within(first, end, after, descending);
            let SortKeys::Between(low, high) = all.sk else { return Vec::new() };
            let within = |position: &&Position| *low <= *position.as_str() && *position.as_str() <= *high;
            positions.iter().filter(within).cloned().collect::<Vec<_>>()
        };
        assert_eq!(range(None, None, None, true), positions);
        for (n, position) in positions.iter().enumerate() {
            assert_eq!(range(None, None, Some(position), true), positions[..n]);
            assert_eq!(range(None, None, Some(position), false), positions[n + 1..]);
        }
        let sixth = Position::start_of(at(6));
        assert_eq!(range(Some(&sixth), None, None, true), positions[2..]);
        assert_eq!(range(None, Some(&sixth), None, true), positions[..2]);
    }

    #[test]
    fn a_word_sorts_before_longer_ones_and_newest_first() {
        let key = |word, id| Key::Word(word, lead(id)).of(&team()).sk;
        assert!([key("john", 2), key("john", 1), key("john.doe", 9), key("johnson", 5)].is_sorted());
        let item = Key::Word("o'brien", lead(42)).attributes(&team());
        assert_eq!(word_of(&item), Some(("o'brien", lead(42))));
    }
}
