//! The only place that knows a key format, an index or an attribute of one. `template.yaml` declares the same names.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;

use super::Item;
use crate::model::{
    Actor, Agent, ApiKeyId, BusinessId, CommentId, Counted, FormId, Group, Lead, LeadId, Named as _, PhotoName,
    Position, Slot, SourceHash, State, StatusId, TeamId, Timestamp, WebhookId,
};

/// The table's partition key attribute.
pub const PK: &str = "PK";
/// The table's sort key attribute.
pub const SK: &str = "SK";
/// The TTL attribute: seconds since 1970.
pub const TTL: &str = "ttl";
/// The sort key attribute of the indexes over leads.
pub const SORT_POSITION: &str = "sortPosition";
/// The sort key attribute of the index of clean-up tasks: when an item is due.
pub const DUE: &str = "due";

/// The attribute that tells which transaction wrote an item, by its idempotency token.
pub const WRITTEN_BY: &str = "writtenBy";

/// What the sort keys of a lead's log entries begin with.
const LOGS: &str = "LOG#";
/// What the sort keys of a lead's comments begin with.
const COMMENTS: &str = "COMMENT#";
/// What the sort keys of rows begin with.
const ROWS: &str = "ROWS#";
/// What the sort keys of API keys begin with.
const API_KEYS: &str = "KEY#";
/// What the sort keys of forms begin with.
const FORMS: &str = "FORM#";
/// What the sort keys of forms' statistics begin with.
const STATISTICS: &str = "STATISTICS#";
/// What the sort keys of webhooks begin with.
const WEBHOOKS: &str = "WEBHOOK#";
/// What the sort keys of pages of events begin with.
const EVENTS: &str = "EVENT#";
/// What the sort keys of a webhook's deliveries begin with.
const DELIVERIES: &str = "DELIVERY#";
/// What the sort keys of a webhook's failed deliveries begin with.
const FAILED_DELIVERIES: &str = "FAILED#";

/// An item of a team, by what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Statuses and businesses.
    Team,
    /// The last id given, by kind.
    Sequences,
    /// A lead, or the tombstone of one.
    Lead(LeadId),
    /// A log entry of a lead.
    Log(LeadId, &'a Position),
    /// A comment on a lead.
    Comment(LeadId, &'a Position),
    /// Where a comment is, by its id alone.
    CommentPointer(CommentId),
    /// The lead that has an e-mail address, by its fingerprint.
    EmailLock(&'a str),
    /// A lead of a business.
    BusinessLead(BusinessId, &'a Position),
    /// A search word of a lead.
    Word(&'a str, LeadId),
    /// A copy of a counter.
    Count(&'a Counted, Slot),
    /// Numbers of many copies, added up.
    Rollup(&'a Rollup),
    /// How far a team's counters are rolled up.
    RollupProgress,
    /// An uploaded photo.
    Photo(&'a PhotoName),
    /// The answer to a request with an idempotency key, by who sent it and the key's hash.
    StoredResponse(&'a Actor, &'a str),
    /// What became of rows of a batch with an idempotency key, by the first of them.
    StoredRows(&'a Actor, &'a str, usize),
    /// An API key.
    ApiKey(ApiKeyId),
    /// How many API keys there are.
    ApiKeyCount,
    /// A form.
    Form(FormId),
    /// How often a form was posted.
    FormStatistics(FormId),
    /// How many forms there are.
    FormCount,
    /// How often a form was posted in a minute, in all and by whom.
    FormMinute(FormId, Timestamp),
    /// A webhook.
    Webhook(WebhookId),
    /// How many webhooks there are.
    WebhookCount,
    /// Events that became known together, by the number of the first.
    EventPage(u64),
    /// What the number is of an event before which there is none.
    FeedStart,
    /// What became of an event on its way to a webhook.
    Delivery(WebhookId, &'a Position),
    /// That it was given up.
    FailedDelivery(WebhookId, &'a Position),
}

/// A partition key and a sort key.
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

    /// What kind of item it names, for the log: nothing that a caller wrote.
    pub fn kind(&self) -> &str {
        match self.pk.split('#').nth(2) {
            // The one's sort keys are words, the other's times.
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
    /// The key within a team.
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
            Self::Count(counted, slot) => count_sort_key(counted, *slot),
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
            // Whatever the letter is, nothing follows it.
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

/// All of one length, so that they sort as the numbers do.
fn event_page(first: u64) -> String {
    format!("{EVENTS}{first:016}")
}

/// Nobody is given an answer that was another's: what acts for a user is not the user.
fn author(actor: &Actor) -> String {
    let user = actor.user.id;
    match &actor.agent {
        None => user.to_string(),
        Some(Agent::Key(key)) => format!("{user}K{}", key.id),
        Some(Agent::Form(form)) => format!("{user}F{}", form.id),
    }
}

/// A key that no item has.
pub fn nothing() -> PrimaryKey {
    PrimaryKey { pk: "NOTHING".to_owned(), sk: "NOTHING".to_owned() }
}

/// A rollup, by the numbers it gathers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollup {
    /// Of the days of a month, which is given by its first.
    Days(Date),
    /// Of groups of leads, whatever the day: those of a source, or of none, in one of several buckets.
    Groups(Option<SourceHash>, u64),
    /// Of groups of leads by the days of a month, in one of several buckets.
    GroupDays(Date, u64),
}

fn month(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

fn source_name(source: Option<&SourceHash>) -> &str {
    source.map_or("", SourceHash::as_str)
}

fn count_sort_key(counted: &Counted, Slot { generation, shard }: Slot) -> String {
    match counted {
        Counted::All => format!("ALL#{shard}"),
        Counted::Source(source) => format!("SOURCE#{}#{shard}", source.as_str()),
        Counted::Businesses(bucket) => format!("BUSINESSES#{bucket:02}#{shard}"),
        Counted::Day(day) => format!("DAY#{day}#{generation}#{shard}"),
        Counted::Group(day, group) => {
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

/// What [`business_list`] wrote.
pub fn businesses_of(list: &str) -> Option<Vec<BusinessId>> {
    list.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
}

/// A range of sort keys in one partition of the table or of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// `None` is the table.
    pub index: Option<Index>,
    /// The partition.
    pub pk: String,
    /// What stands before the sort positions in the sort keys.
    pub prefix: &'static str,
    /// The sort keys.
    pub sk: SortKeys,
}

/// Which sort keys of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKeys {
    /// Every one.
    All,
    /// Those that begin so.
    Prefix(String),
    /// From the first to the second, both included.
    Between(String, String),
}

/// `~` sorts behind everything that follows a day or a month.
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

    /// The search words that begin with `start`: the word itself first, each word's newest lead first.
    pub fn words(team: &TeamId, start: &str) -> Self {
        let pk = Key::Word(start, LeadId::MIN).partition(team);
        Self::table(pk, SortKeys::Prefix(start.to_owned()))
    }

    /// The answer to a request with an idempotency key, and what became of its rows.
    pub fn stored_response(actor: &Actor, key: &str) -> Self {
        Self::table(Key::StoredResponse(actor, key).partition(&actor.team), SortKeys::All)
    }

    /// The API keys of a team, by id.
    pub fn api_keys(team: &TeamId) -> Self {
        Self::table(Key::ApiKeyCount.partition(team), SortKeys::Prefix(API_KEYS.to_owned()))
    }

    /// The forms of a team, by id, and behind them how often each was posted.
    pub fn forms(team: &TeamId) -> Self {
        let all = SortKeys::Between(FORMS.to_owned(), format!("{STATISTICS}~"));
        Self::table(Key::FormCount.partition(team), all)
    }

    /// The webhooks of a team, by id.
    pub fn webhooks(team: &TeamId) -> Self {
        Self::table(Key::WebhookCount.partition(team), SortKeys::Prefix(WEBHOOKS.to_owned()))
    }

    /// The pages of a team's events whose first number is at least this.
    pub fn events(team: &TeamId, first: u64) -> Self {
        // `~` sorts behind every number.
        let all = SortKeys::Between(event_page(first), format!("{EVENTS}~"));
        Self::table(Key::FeedStart.partition(team), all)
    }

    /// The pages of a team's events whose first number is one of these.
    pub fn events_within(team: &TeamId, numbers: std::ops::RangeInclusive<u64>) -> Self {
        let some = SortKeys::Between(event_page(*numbers.start()), event_page(*numbers.end()));
        Self::table(Key::FeedStart.partition(team), some)
    }

    /// The deliveries to a webhook.
    pub fn deliveries(team: &TeamId, id: WebhookId) -> Self {
        let pk = Key::Delivery(id, &Position::start_of(Timestamp::default())).partition(team);
        Self { prefix: DELIVERIES, ..Self::table(pk, SortKeys::Prefix(DELIVERIES.to_owned())) }
    }

    /// The deliveries to a webhook that were given up.
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

    /// Every copy of a counter that is not by day.
    pub fn copies(team: &TeamId, counted: &Counted) -> Self {
        let copy = count_sort_key(counted, Slot::of_no_day(0));
        Self::counts(team, SortKeys::Prefix(copy.trim_end_matches('0').to_owned()))
    }

    /// Counters of days that are not rolled up.
    pub fn open_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAY", first.to_string(), last.to_string()))
    }

    /// Counters of groups, created on these days, that are not rolled up.
    pub fn open_groups(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUP", first.to_string(), last.to_string()))
    }

    /// The rolled-up numbers of the months that these days are in.
    pub fn rollup_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAYS", month(first), month(last)))
    }

    /// The rolled-up numbers of groups, in the months that these days are in.
    pub fn rollup_group_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUPDAYS", month(first), month(last)))
    }

    /// The rolled-up numbers of groups, whatever the day.
    pub fn rollup_groups(team: &TeamId, source: Option<&SourceHash>) -> Self {
        let of_source = source.map(|source| format!("GROUPS#{}#", source.as_str()));
        Self::counts(team, SortKeys::Prefix(of_source.unwrap_or_else(|| "GROUPS#".to_owned())))
    }

    /// The leads of an index's partition.
    pub fn listed(team: &TeamId, partition: &IndexPartition) -> Self {
        Self { index: Some(partition.index()), pk: partition.value(team), prefix: "", sk: SortKeys::All }
    }

    /// What was to be removed by `now`, in one of [`CLEANUP_SHARDS`].
    pub fn cleanup_tasks(shard: u8, now: Timestamp) -> Self {
        let due = SortKeys::Between("0".to_owned(), due(now));
        Self { index: Some(Index::Cleanup), ..Self::table(cleanup_partition(shard), due) }
    }

    /// The attribute that `sk` is about.
    pub fn sort_attribute(&self) -> &'static str {
        self.index.map_or(SK, Index::sort_attribute)
    }

    /// The attribute that `pk` is about.
    pub fn partition_attribute(&self) -> &'static str {
        self.index.map_or(PK, Index::attribute)
    }

    /// The part of the range after (`descending`: before) a sort position, and within the given bounds.
    #[must_use]
    pub fn within(
        self,
        first: Option<&Position>,
        end: Option<&Position>,
        after: Option<&Position>,
        descending: bool,
    ) -> Self {
        // A position with a `-` behind it sorts just behind the position, and before the next one.
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

/// The global secondary indexes. Those over leads project what [`crate::model::LeadSummary`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Archived or not, by state.
    ByArchived,
    /// The same, by status too.
    ByStatus,
    /// By source.
    BySource,
    /// What is to be removed, of every team; keys alone.
    Cleanup,
}

impl Index {
    /// Every index.
    pub const ALL: [Self; 4] = [Self::ByArchived, Self::ByStatus, Self::BySource, Self::Cleanup];

    /// Its name in the template.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByArchived => "leads-by-archived",
            Self::ByStatus => "leads-by-status",
            Self::BySource => "leads-by-source",
            Self::Cleanup => "cleanup",
        }
    }

    /// Its partition key attribute.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::ByArchived => "byArchived",
            Self::ByStatus => "byStatus",
            Self::BySource => "bySource",
            Self::Cleanup => "cleanup",
        }
    }

    /// Its sort key attribute.
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

    /// Every index entry of a lead, as attributes of its item beside its sort position.
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

/// Partitions of the index of clean-up tasks: no one of them bounds how fast leads are deleted.
pub const CLEANUP_SHARDS: u8 = 4;

/// An item that is to be removed, with what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupTask {
    /// The tombstone of a lead, or a lead with search entries to be swept.
    Lead(LeadId),
    /// A photo that no lead has.
    Photo(PhotoName),
    /// Counters of days that are over, to be rolled up.
    Counts,
}

impl CleanupTask {
    /// What makes an item a clean-up task, due then.
    pub fn attributes(due_at: Timestamp) -> Item {
        let partition = cleanup_partition(fastrand::u8(..CLEANUP_SHARDS));
        let attribute = |name: &str, value| (name.to_owned(), AttributeValue::S(value));
        HashMap::from([attribute(Index::Cleanup.attribute(), partition), attribute(DUE, due(due_at))])
    }

    /// The task that an entry of the index is about.
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

/// All of one length, so that they sort as they follow each other.
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

/// Whether this is the key of a comment in its lead's partition.
pub fn is_comment(key: &PrimaryKey) -> bool {
    key.sk.starts_with(COMMENTS)
}

/// The lead that an item is of which stands in a lead's partition, and whether it is the lead itself.
pub fn lead_of(item: &Item) -> Option<(TeamId, LeadId, bool)> {
    let key = PrimaryKey::of(item)?;
    let (team, id) = key.pk.strip_prefix("T#")?.split_once("#LEAD#")?;
    Some((team.parse().ok()?, id.parse().ok()?, key.sk == "LEAD"))
}

/// The number of the first event of a page.
pub fn event_page_of(item: &Item) -> Option<u64> {
    sort_key(item)?.strip_prefix(EVENTS)?.parse().ok()
}

/// Whether this is the key of a log entry in its lead's partition.
pub fn is_log(key: &PrimaryKey) -> bool {
    key.sk.starts_with(LOGS)
}

/// The form whose statistics these are.
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

/// An item of a team's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountItem {
    /// A copy of a counter.
    Open(Counted, Slot),
    /// See [`Rollup`].
    Rollup(Rollup),
    /// See [`Key::RollupProgress`].
    RollupProgress,
}

/// What an item of the counters is.
pub fn count_item(item: &Item) -> Option<CountItem> {
    let mut parts = sort_key(item)?.split('#');
    let kind = parts.next()?;
    let parts: Vec<&str> = parts.collect();
    let source = |text: &str| (!text.is_empty()).then(|| SourceHash::stored(text));
    let month = |text: &str| format!("{text}-01").parse().ok();
    let slot =
        |generation: &str, shard: &str| Some(Slot { generation: generation.parse().ok()?, shard: shard.parse().ok()? });
    // Those that are not by day have no generation.
    let copy = |shard: &str| Some(Slot::of_no_day(shard.parse().ok()?));
    Some(match (kind, &parts[..]) {
        ("ALL", [shard]) => CountItem::Open(Counted::All, copy(shard)?),
        ("SOURCE", [hash, shard]) => CountItem::Open(Counted::Source(source(hash)?), copy(shard)?),
        ("BUSINESSES", [bucket, shard]) => CountItem::Open(Counted::Businesses(bucket.parse().ok()?), copy(shard)?),
        ("DAY", [day, generation, shard]) => CountItem::Open(Counted::Day(day.parse().ok()?), slot(generation, shard)?),
        ("GROUP", [day, generation, list, hash, shard]) => {
            let group = Group { businesses: businesses_of(list)?, source: source(hash) };
            CountItem::Open(Counted::Group(day.parse().ok()?, group), slot(generation, shard)?)
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
            (Key::Count(&Counted::All, Slot::of_no_day(0)), "ALL"),
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
        let slot = Slot { generation: Date::constant(2026, 2, 1), shard: 3 };
        let of_source = Counted::Source(source.clone());
        let group = |ids: &[u64], source: Option<SourceHash>| Group { businesses: businesses(ids), source };
        let (some, none) = (group(&[1, 20], Some(source.clone())), group(&[], None));
        let (some, none) = (Counted::Group(day, some), Counted::Group(day, none));
        let (business, of_day) = (Counted::business(businesses(&[20])[0]), Counted::Day(day));
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
            (Key::Count(&Counted::All, slot), "T#demo#COUNTS", "ALL#3"),
            (Key::Count(&of_source, slot), "T#demo#COUNTS", "SOURCE#44574c4ba2ea74ad4bf1e184133cdbf4#3"),
            (Key::Count(&business, slot), "T#demo#COUNTS", "BUSINESSES#02#3"),
            (Key::Count(&of_day, slot), "T#demo#COUNTS", "DAY#2026-01-31#2026-02-01#3"),
            (
                Key::Count(&some, slot),
                "T#demo#COUNTS",
                "GROUP#2026-01-31#2026-02-01#1,20#44574c4ba2ea74ad4bf1e184133cdbf4#3",
            ),
            (Key::Count(&none, slot), "T#demo#COUNTS", "GROUP#2026-01-31#2026-02-01###3"),
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
                Key::Count(counted @ (Counted::Day(_) | Counted::Group(..)), slot) => {
                    Some(CountItem::Open(counted.clone(), slot))
                }
                Key::Count(counted, slot) => Some(CountItem::Open(counted.clone(), Slot::of_no_day(slot.shard))),
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
        let copy = Slot::of_no_day(0);
        assert_eq!(of(Key::Count(&Counted::All, copy)), Some((team(), CleanupTask::Counts)));
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
