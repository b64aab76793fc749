//! Key ranges of DynamoDB queries.

use jiff::civil::Date;

use super::attribute::{PK, SK};
use super::cleanup::{cleanup_partition, due_sort_key};
use super::counter::{count_sort_key, year_and_month_text};
use super::index::{IndexPartition, TableIndex};
use super::key::{
    API_KEY_PREFIX, COMMENT_PREFIX, DELIVERY_PREFIX, EVENT_PAGE_PREFIX, FAILED_DELIVERY_PREFIX, FORM_PREFIX,
    FORM_STATISTICS_PREFIX, ItemKey, LOG_PREFIX, VIEW_PREFIX, WEBHOOK_PREFIX, event_page_sort_key,
};
use crate::domain::{
    Actor, BusinessId, CounterCopyId, CounterKey, LeadId, SortPosition, SourceHash, TeamId, Timestamp, WebhookId,
};
use crate::store::TableItem;

/// A range of sort keys in one partition of the table or of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The index to query. `None` for the table itself.
    pub index: Option<TableIndex>,
    /// Value of the partition key.
    pub pk: String,
    /// Text before the sort position in each sort key, for example `LOG#`. Empty if there is none.
    pub prefix: &'static str,
    /// Condition on the sort key.
    pub sk: SortKeyCondition,
}

/// Condition of a query on the sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKeyCondition {
    /// Selects every sort key of the partition.
    All,
    /// Sort keys with this prefix.
    Prefix(String),
    /// Sort keys between two values, both included.
    Between(String, String),
}

/// The sort keys of one kind from `first` to `last`. The `~` sorts after everything that may follow a day or a month.
fn kind_between_dates(kind: &str, first: String, last: String) -> SortKeyCondition {
    SortKeyCondition::Between(format!("{kind}#{first}"), format!("{kind}#{last}~"))
}

impl KeyRange {
    fn in_table_partition(pk: String, sk: SortKeyCondition) -> Self {
        Self { index: None, pk, prefix: "", sk }
    }

    /// The log of a lead.
    pub fn lead_log_entries(team: &TeamId, id: LeadId) -> Self {
        Self {
            prefix: LOG_PREFIX,
            ..Self::in_table_partition(
                ItemKey::Lead(id).partition_key(team),
                SortKeyCondition::Prefix(LOG_PREFIX.to_owned()),
            )
        }
    }

    /// The comments on a lead.
    pub fn comments_of_lead(team: &TeamId, id: LeadId) -> Self {
        Self {
            prefix: COMMENT_PREFIX,
            ..Self::in_table_partition(
                ItemKey::Lead(id).partition_key(team),
                SortKeyCondition::Prefix(COMMENT_PREFIX.to_owned()),
            )
        }
    }

    /// Every item of a lead's partition: the lead or its tombstone, its log entries and its comments.
    pub fn lead_partition(team: &TeamId, id: LeadId) -> Self {
        Self::in_table_partition(ItemKey::Lead(id).partition_key(team), SortKeyCondition::All)
    }

    /// The entries of leads in the list of a business.
    pub fn business_entries(team: &TeamId, id: BusinessId) -> Self {
        Self::in_table_partition(format!("T#{}#BUSINESS#{id}", team.as_str()), SortKeyCondition::All)
    }

    /// The search entries whose word begins with `start`, in order of words, and for each word the newest lead first.
    pub fn search_entries(team: &TeamId, start: &str) -> Self {
        let pk = ItemKey::Word(start, LeadId::MIN).partition_key(team);
        Self::in_table_partition(pk, SortKeyCondition::Prefix(start.to_owned()))
    }

    /// The stored response of a request, and the stored results of its batch rows.
    pub fn stored_response(actor: &Actor, key: &str) -> Self {
        Self::in_table_partition(ItemKey::StoredResponse(actor, key).partition_key(&actor.team), SortKeyCondition::All)
    }

    /// The API keys of a team, in order of ids.
    pub fn api_keys_of_team(team: &TeamId) -> Self {
        Self::in_table_partition(
            ItemKey::ApiKeyCount.partition_key(team),
            SortKeyCondition::Prefix(API_KEY_PREFIX.to_owned()),
        )
    }

    /// The views of a user, or the shared views of a team if `owner` is `None`, in order of ids.
    pub fn views_of_owner(team: &TeamId, owner: Option<u64>) -> Self {
        Self::in_table_partition(
            ItemKey::ViewCount(owner).partition_key(team),
            SortKeyCondition::Prefix(VIEW_PREFIX.to_owned()),
        )
    }

    /// The forms of a team in order of ids, and then their statistics.
    pub fn forms_of_team(team: &TeamId) -> Self {
        let all = SortKeyCondition::Between(FORM_PREFIX.to_owned(), format!("{FORM_STATISTICS_PREFIX}~"));
        Self::in_table_partition(ItemKey::FormCount.partition_key(team), all)
    }

    /// The webhooks of a team, in order of ids.
    pub fn webhooks_of_team(team: &TeamId) -> Self {
        Self::in_table_partition(
            ItemKey::WebhookCount.partition_key(team),
            SortKeyCondition::Prefix(WEBHOOK_PREFIX.to_owned()),
        )
    }

    /// A team's event pages whose first event has the number `first` or a later one.
    pub fn event_pages_from(team: &TeamId, first: u64) -> Self {
        // The `~` sorts after every number.
        let all = SortKeyCondition::Between(event_page_sort_key(first), format!("{EVENT_PAGE_PREFIX}~"));
        Self::in_table_partition(ItemKey::FeedStart.partition_key(team), all)
    }

    /// A team's event pages whose first event has one of these numbers.
    pub fn event_pages_within(team: &TeamId, numbers: std::ops::RangeInclusive<u64>) -> Self {
        let some =
            SortKeyCondition::Between(event_page_sort_key(*numbers.start()), event_page_sort_key(*numbers.end()));
        Self::in_table_partition(ItemKey::FeedStart.partition_key(team), some)
    }

    /// The deliveries of a webhook.
    pub fn deliveries_of_webhook(team: &TeamId, id: WebhookId) -> Self {
        let pk = ItemKey::Delivery(id, &SortPosition::earliest_position_at(Timestamp::default())).partition_key(team);
        Self {
            prefix: DELIVERY_PREFIX,
            ..Self::in_table_partition(pk, SortKeyCondition::Prefix(DELIVERY_PREFIX.to_owned()))
        }
    }

    /// The failed deliveries of a webhook.
    pub fn failed_deliveries_of_webhook(team: &TeamId, id: WebhookId) -> Self {
        Self {
            prefix: FAILED_DELIVERY_PREFIX,
            sk: SortKeyCondition::Prefix(FAILED_DELIVERY_PREFIX.to_owned()),
            ..Self::deliveries_of_webhook(team, id)
        }
    }

    fn in_counter_partition(team: &TeamId, sk: SortKeyCondition) -> Self {
        Self::in_table_partition(ItemKey::RollupProgress.partition_key(team), sk)
    }

    /// All copies (shards) of a counter that is not kept by day.
    pub fn counter_copies(team: &TeamId, counter: &CounterKey) -> Self {
        let copy = count_sort_key(counter, CounterCopyId::without_generation(0));
        Self::in_counter_partition(team, SortKeyCondition::Prefix(copy.trim_end_matches('0').to_owned()))
    }

    /// The remaining copies of counters by day, for leads created from `first` to `last`. A rollup deletes copies of
    /// past days.
    pub fn day_counter_copies(team: &TeamId, first: Date, last: Date) -> Self {
        Self::in_counter_partition(team, kind_between_dates("DAY", first.to_string(), last.to_string()))
    }

    /// The remaining copies of group counters, for leads created from `first` to `last`. A rollup deletes copies of
    /// past days.
    pub fn group_counter_copies(team: &TeamId, first: Date, last: Date) -> Self {
        Self::in_counter_partition(team, kind_between_dates("GROUP", first.to_string(), last.to_string()))
    }

    /// Rollups of counters by day, for the months from `first` to `last`.
    pub fn daily_counter_rollups(team: &TeamId, first: Date, last: Date) -> Self {
        Self::in_counter_partition(
            team,
            kind_between_dates("DAYS", year_and_month_text(first), year_and_month_text(last)),
        )
    }

    /// Rollups of group counters by day, for the months from `first` to `last`.
    pub fn daily_group_counter_rollups(team: &TeamId, first: Date, last: Date) -> Self {
        Self::in_counter_partition(
            team,
            kind_between_dates("GROUPDAYS", year_and_month_text(first), year_and_month_text(last)),
        )
    }

    /// Rollups of group counters over all days, of one source or of every source.
    pub fn rollup_groups(team: &TeamId, source: Option<&SourceHash>) -> Self {
        let of_source = source.map(|source| format!("GROUPS#{}#", source.as_str()));
        Self::in_counter_partition(team, SortKeyCondition::Prefix(of_source.unwrap_or_else(|| "GROUPS#".to_owned())))
    }

    /// The leads in one partition of an index.
    pub fn in_index_partition(team: &TeamId, partition: &IndexPartition) -> Self {
        Self {
            index: Some(partition.index_of_partition()),
            pk: partition.partition_key_value(team),
            prefix: "",
            sk: SortKeyCondition::All,
        }
    }

    /// The clean-up tasks that are due at `now`, in one of the [`super::CLEANUP_SHARDS`] shards.
    pub fn cleanup_tasks(shard: u8, now: Timestamp) -> Self {
        let due = SortKeyCondition::Between("0".to_owned(), due_sort_key(now));
        Self { index: Some(TableIndex::Cleanup), ..Self::in_table_partition(cleanup_partition(shard), due) }
    }

    /// Name of the attribute that is the sort key of this range's table or index.
    pub fn sort_attribute(&self) -> &'static str {
        self.index.map_or(SK, TableIndex::sort_attribute)
    }

    /// Name of the attribute that is the partition key of this range's table or index.
    pub fn partition_attribute(&self) -> &'static str {
        self.index.map_or(PK, TableIndex::partition_attribute)
    }

    /// Narrows the range to sort positions from `first` up to `end`, which is excluded, and to the part after `after`
    /// (before `after` if `descending`).
    #[must_use]
    pub fn between_positions(
        self,
        first: Option<&SortPosition>,
        end: Option<&SortPosition>,
        after: Option<&SortPosition>,
        descending: bool,
    ) -> Self {
        let mut low = first.map_or_else(|| "0".to_owned(), |position| position.as_str().to_owned());
        let mut high = end.map_or_else(|| "~".to_owned(), SortPosition::exclusive_upper_bound);
        if let Some(after) = after {
            if descending {
                high = high.min(after.exclusive_upper_bound());
            } else {
                low = low.max(after.exclusive_lower_bound());
            }
        }
        let prefixed = |position: String| format!("{}{position}", self.prefix);
        Self { sk: SortKeyCondition::Between(prefixed(low), prefixed(high)), ..self }
    }
}

/// Parses the sort position of an item from its sort key. `None` if the item does not belong to the range.
pub fn parse_sort_position(item: &TableItem, range: &KeyRange) -> Option<SortPosition> {
    let text = item.get(range.sort_attribute())?.as_s().ok()?;
    SortPosition::parse_position(text.strip_prefix(range.prefix)?)
}
