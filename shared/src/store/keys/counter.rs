//! Sort keys of lead counters and of their rollups. The sequences of ids are another kind of item:
//! [`super::Key::Sequences`].

use jiff::civil::Date;

use super::sort_key;
use crate::domain::{BusinessId, CounterCopyId, CounterKey, LeadGroup, SourceHash};
use crate::store::TableItem;

/// A rollup item, identified by the counters that it merges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RollupKey {
    /// The rollup of the counters by day, for the month that starts on this date.
    Days(Date),
    /// Counters of groups over all days: the groups of one source (or without a source), in one of several buckets.
    Groups(Option<SourceHash>, u64),
    /// Counters of groups by day, for the month that starts on this date, in one of several buckets.
    GroupDays(Date, u64),
}

pub(super) fn year_and_month_text(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

fn source_key_part(source: Option<&SourceHash>) -> &str {
    source.map_or("", SourceHash::as_str)
}

pub(super) fn count_sort_key(counter: &CounterKey, CounterCopyId { generation, shard }: CounterCopyId) -> String {
    match counter {
        CounterKey::All => format!("ALL#{shard}"),
        CounterKey::Source(source) => format!("SOURCE#{}#{shard}", source.as_str()),
        CounterKey::Businesses(bucket) => format!("BUSINESSES#{bucket:02}#{shard}"),
        CounterKey::Day(day) => format!("DAY#{day}#{generation}#{shard}"),
        CounterKey::Group(day, group) => {
            let source = source_key_part(group.source.as_ref());
            format!("GROUP#{day}#{generation}#{}#{source}#{shard}", join_business_ids(&group.businesses))
        }
    }
}

pub(super) fn rollup_sort_key(rollup: &RollupKey) -> String {
    match rollup {
        RollupKey::Days(first) => format!("DAYS#{}", year_and_month_text(*first)),
        RollupKey::Groups(source, bucket) => format!("GROUPS#{}#{bucket:02}", source_key_part(source.as_ref())),
        RollupKey::GroupDays(first, bucket) => format!("GROUPDAYS#{}#{bucket:02}", year_and_month_text(*first)),
    }
}

/// Business ids as text for keys and attribute names: `1,2`.
pub fn join_business_ids(businesses: &[BusinessId]) -> String {
    businesses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Parses a list of ids in the format of [`join_business_ids`]. `None` for other text.
pub fn parse_business_ids(list: &str) -> Option<Vec<BusinessId>> {
    list.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
}

/// The kinds of items in the partition of a team's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedCounterKey {
    /// A copy (shard) of a counter.
    Open(CounterKey, CounterCopyId),
    /// A rollup, see [`RollupKey`].
    Rollup(RollupKey),
    /// Progress of the team's rollups, see [`super::ItemKey::RollupProgress`].
    RollupProgress,
}

/// Parses the sort key of an item in the partition of counters. `None` for other items.
pub fn parse_counter_partition_item(item: &TableItem) -> Option<ParsedCounterKey> {
    let mut parts = sort_key(item)?.split('#');
    let kind = parts.next()?;
    let parts: Vec<&str> = parts.collect();
    let source = |text: &str| (!text.is_empty()).then(|| SourceHash::from_key_text(text));
    let month = |text: &str| format!("{text}-01").parse().ok();
    let copy = |generation: &str, shard: &str| {
        Some(CounterCopyId { generation: generation.parse().ok()?, shard: shard.parse().ok()? })
    };
    // Keys of counters that are not kept by day have a shard and no generation.
    let undated = |shard: &str| Some(CounterCopyId::without_generation(shard.parse().ok()?));
    Some(match (kind, &parts[..]) {
        ("ALL", [shard]) => ParsedCounterKey::Open(CounterKey::All, undated(shard)?),
        ("SOURCE", [hash, shard]) => ParsedCounterKey::Open(CounterKey::Source(source(hash)?), undated(shard)?),
        ("BUSINESSES", [bucket, shard]) => {
            ParsedCounterKey::Open(CounterKey::Businesses(bucket.parse().ok()?), undated(shard)?)
        }
        ("DAY", [day, generation, shard]) => {
            ParsedCounterKey::Open(CounterKey::Day(day.parse().ok()?), copy(generation, shard)?)
        }
        ("GROUP", [day, generation, list, hash, shard]) => {
            let group = LeadGroup { businesses: parse_business_ids(list)?, source: source(hash) };
            ParsedCounterKey::Open(CounterKey::Group(day.parse().ok()?, group), copy(generation, shard)?)
        }
        ("DAYS", [first]) => ParsedCounterKey::Rollup(RollupKey::Days(month(first)?)),
        ("GROUPS", [hash, bucket]) => ParsedCounterKey::Rollup(RollupKey::Groups(source(hash), bucket.parse().ok()?)),
        ("GROUPDAYS", [first, bucket]) => {
            ParsedCounterKey::Rollup(RollupKey::GroupDays(month(first)?, bucket.parse().ok()?))
        }
        ("ROLLUP", []) => ParsedCounterKey::RollupProgress,
        _ => return None,
    })
}
