//! Key ranges of DynamoDB queries.

use jiff::civil::Date;

use super::attribute::{PK, SK};
use super::cleanup::{cleanup_partition, due_sort_key};
use super::counter::{count_sort_key, month};
use super::index::{Index, IndexPartition};
use super::key::{
    API_KEYS, COMMENTS, DELIVERIES, EVENTS, FAILED_DELIVERIES, FORMS, Key, LOGS, STATISTICS, WEBHOOKS, event_page,
};
use crate::domain::{
    Actor, BusinessId, CopyId, CounterKey, LeadId, Position, SourceHash, TeamId, Timestamp, WebhookId,
};
use crate::store::Item;

/// A range of sort keys in one partition of the table or of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The index to query. `None` for the table itself.
    pub index: Option<Index>,
    /// Value of the partition key.
    pub pk: String,
    /// Text before the sort position in each sort key, for example `LOG#`. Empty if there is none.
    pub prefix: &'static str,
    /// Condition on the sort key.
    pub sk: SortKeys,
}

/// Condition of a query on the sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKeys {
    /// Every sort key of the partition.
    All,
    /// Sort keys with this prefix.
    Prefix(String),
    /// Sort keys between two values, both included.
    Between(String, String),
}

/// The sort keys of one kind from `first` to `last`. The `~` sorts after everything that may follow a day or a month.
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

    /// Every item of a lead's partition: the lead or its tombstone, its log entries and its comments.
    pub fn lead_partition(team: &TeamId, id: LeadId) -> Self {
        Self::table(Key::Lead(id).partition(team), SortKeys::All)
    }

    /// The entries of leads in the list of a business.
    pub fn business_leads(team: &TeamId, id: BusinessId) -> Self {
        Self::table(format!("T#{}#BUSINESS#{id}", team.as_str()), SortKeys::All)
    }

    /// The search entries whose word begins with `start`, in order of words, and for each word the newest lead first.
    pub fn words(team: &TeamId, start: &str) -> Self {
        let pk = Key::Word(start, LeadId::MIN).partition(team);
        Self::table(pk, SortKeys::Prefix(start.to_owned()))
    }

    /// The stored response of a request, and the stored results of its batch rows.
    pub fn stored_response(actor: &Actor, key: &str) -> Self {
        Self::table(Key::StoredResponse(actor, key).partition(&actor.team), SortKeys::All)
    }

    /// The API keys of a team, in order of ids.
    pub fn api_keys(team: &TeamId) -> Self {
        Self::table(Key::ApiKeyCount.partition(team), SortKeys::Prefix(API_KEYS.to_owned()))
    }

    /// The forms of a team in order of ids, and then their statistics.
    pub fn forms(team: &TeamId) -> Self {
        let all = SortKeys::Between(FORMS.to_owned(), format!("{STATISTICS}~"));
        Self::table(Key::FormCount.partition(team), all)
    }

    /// The webhooks of a team, in order of ids.
    pub fn webhooks(team: &TeamId) -> Self {
        Self::table(Key::WebhookCount.partition(team), SortKeys::Prefix(WEBHOOKS.to_owned()))
    }

    /// A team's event pages whose first event has the number `first` or a later one.
    pub fn events(team: &TeamId, first: u64) -> Self {
        // The `~` sorts after every number.
        let all = SortKeys::Between(event_page(first), format!("{EVENTS}~"));
        Self::table(Key::FeedStart.partition(team), all)
    }

    /// A team's event pages whose first event has one of these numbers.
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

    /// All copies (shards) of a counter that is not kept by day.
    pub fn copies(team: &TeamId, counter: &CounterKey) -> Self {
        let copy = count_sort_key(counter, CopyId::undated(0));
        Self::counts(team, SortKeys::Prefix(copy.trim_end_matches('0').to_owned()))
    }

    /// The remaining copies of counters by day, for leads created from `first` to `last`. A rollup deletes copies of
    /// past days.
    pub fn open_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAY", first.to_string(), last.to_string()))
    }

    /// The remaining copies of group counters, for leads created from `first` to `last`. A rollup deletes copies of
    /// past days.
    pub fn open_groups(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUP", first.to_string(), last.to_string()))
    }

    /// Rollups of counters by day, for the months from `first` to `last`.
    pub fn rollup_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("DAYS", month(first), month(last)))
    }

    /// Rollups of group counters by day, for the months from `first` to `last`.
    pub fn rollup_group_days(team: &TeamId, first: Date, last: Date) -> Self {
        Self::counts(team, between("GROUPDAYS", month(first), month(last)))
    }

    /// Rollups of group counters over all days, of one source or of every source.
    pub fn rollup_groups(team: &TeamId, source: Option<&SourceHash>) -> Self {
        let of_source = source.map(|source| format!("GROUPS#{}#", source.as_str()));
        Self::counts(team, SortKeys::Prefix(of_source.unwrap_or_else(|| "GROUPS#".to_owned())))
    }

    /// The leads in one partition of an index.
    pub fn listed(team: &TeamId, partition: &IndexPartition) -> Self {
        Self { index: Some(partition.index()), pk: partition.value(team), prefix: "", sk: SortKeys::All }
    }

    /// The clean-up tasks that are due at `now`, in one of the [`super::CLEANUP_SHARDS`] shards.
    pub fn cleanup_tasks(shard: u8, now: Timestamp) -> Self {
        let due = SortKeys::Between("0".to_owned(), due_sort_key(now));
        Self { index: Some(Index::Cleanup), ..Self::table(cleanup_partition(shard), due) }
    }

    /// Name of the attribute that is the sort key of this range's table or index.
    pub fn sort_attribute(&self) -> &'static str {
        self.index.map_or(SK, Index::sort_attribute)
    }

    /// Name of the attribute that is the partition key of this range's table or index.
    pub fn partition_attribute(&self) -> &'static str {
        self.index.map_or(PK, Index::attribute)
    }

    /// Narrows the range to sort positions from `first` up to `end`, which is excluded, and to the part after `after`
    /// (before `after` if `descending`).
    #[must_use]
    pub fn within(
        self,
        first: Option<&Position>,
        end: Option<&Position>,
        after: Option<&Position>,
        descending: bool,
    ) -> Self {
        let mut low = first.map_or_else(|| "0".to_owned(), |position| position.as_str().to_owned());
        let mut high = end.map_or_else(|| "~".to_owned(), Position::text_before);
        if let Some(after) = after {
            if descending {
                high = high.min(after.text_before());
            } else {
                low = low.max(after.text_after());
            }
        }
        let prefixed = |position: String| format!("{}{position}", self.prefix);
        Self { sk: SortKeys::Between(prefixed(low), prefixed(high)), ..self }
    }
}

/// Parses the sort position of an item from its sort key. `None` if the item does not belong to the range.
pub fn position_of(item: &Item, range: &Range) -> Option<Position> {
    let text = item.get(range.sort_attribute())?.as_s().ok()?;
    Position::parse(text.strip_prefix(range.prefix)?)
}
