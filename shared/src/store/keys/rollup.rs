//! Format of a rollup item: one attribute for each day or group, which packs the values of the counter's fields. `D05`
//! with `LA1:3 B7` means, for the fifth day of the month: 3 for the field `LA1` and 1 for the field `B7`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::attribute::counter::LAST_CLOSED_DAY;
use super::{
    ItemKey, ParsedCounterKey, RollupKey, join_business_ids, parse_business_ids, parse_counter_partition_item,
};
use crate::domain::{CounterField, CounterKey, LeadCount, LeadGroup, SourceHash, TeamId};
use crate::store::TableItem;

/// Number of slices into which the rollups of a team are divided. The bench `rollup` measures the memory that one slice
/// takes.
pub const ROLLUP_SLICES: u64 = 16;
/// Number of rollup items for the groups of one source. Each item stays below DynamoDB's 400 KB for up to some millions
/// of groups.
const GROUP_BUCKETS: u64 = 64;
/// Number of rollup items for the groups of one month. Together the items hold some half a million groups.
const GROUP_DAY_BUCKETS: u64 = 64;

/// First character of the attributes that hold counter values of one day. No other attribute name starts with this
/// character.
const DAY_PREFIX: char = 'D';
/// First character of the attributes that hold counter values of one group. No other attribute name starts with this
/// character.
const GROUP_PREFIX: char = '=';

impl RollupKey {
    /// The rollup item that holds a group's counter over all days.
    pub fn of_group(group: &LeadGroup) -> Self {
        Self::Groups(group.source.clone(), hash_bucket(&join_business_ids(&group.businesses), GROUP_BUCKETS))
    }

    /// The rollup item that holds a group's counter of one day.
    pub fn of_group_day(day: Date, group: &LeadGroup) -> Self {
        Self::GroupDays(day.first_of_month(), hash_bucket(&group_attribute_text(group), GROUP_DAY_BUCKETS))
    }

    /// Number of the slice that the rollup item belongs to, below [`ROLLUP_SLICES`].
    pub fn slice_number(&self) -> u64 {
        match self {
            Self::Days(_) => 0,
            Self::Groups(source, _) => source.as_ref().map_or(0, |source| hash_bucket(source.as_str(), ROLLUP_SLICES)),
            Self::GroupDays(_, bucket) => bucket % ROLLUP_SLICES,
        }
    }
}

fn hash_bucket(text: &str, buckets: u64) -> u64 {
    u64::from(Sha256::digest(text)[0]) % buckets
}

/// Businesses and source of a group as text: `1,2|6f1a`.
fn group_attribute_text(group: &LeadGroup) -> String {
    format!("{}|{}", join_business_ids(&group.businesses), group.source.as_ref().map_or("", SourceHash::as_str))
}

/// The place of a counter value in a rollup item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupPlace {
    /// The rollup item.
    pub rollup: RollupKey,
    /// Name of the attribute that packs the value.
    pub attribute: String,
    /// Name of the value within the packed attribute, for example `LA1` or `05LA1`.
    pub name: String,
}

impl RollupPlace {
    /// The places in rollup items to which a counter's field is added. Empty for a counter that is not kept by day.
    pub fn places_of_field(counter: &CounterKey, field: CounterField) -> Vec<Self> {
        match counter {
            CounterKey::All | CounterKey::Source(_) | CounterKey::Businesses(_) => Vec::new(),
            CounterKey::Day(day) => vec![Self {
                rollup: RollupKey::Days(day.first_of_month()),
                attribute: format!("{DAY_PREFIX}{:02}", day.day()),
                name: field.to_string(),
            }],
            CounterKey::Group(day, group) => vec![
                Self {
                    rollup: RollupKey::of_group(group),
                    attribute: format!("{GROUP_PREFIX}{}", join_business_ids(&group.businesses)),
                    name: field.to_string(),
                },
                Self {
                    rollup: RollupKey::of_group_day(*day, group),
                    attribute: format!("{GROUP_PREFIX}{}", group_attribute_text(group)),
                    name: format!("{:02}{field}", day.day()),
                },
            ],
        }
    }
}

/// A decoded rollup item.
#[derive(Clone, Debug)]
pub struct StoredRollup {
    /// The counters that the item merges, which determine its key.
    pub rollup: RollupKey,
    /// The last generation (day of writes) that the item contains.
    pub through: Date,
    /// The counter values, by attribute and then by name.
    numbers: BTreeMap<String, BTreeMap<String, i64>>,
}

impl StoredRollup {
    /// A rollup item without values.
    pub fn new(rollup: RollupKey, through: Date) -> Self {
        Self { rollup, through, numbers: BTreeMap::new() }
    }

    /// Decodes a rollup item. `None` for other items.
    pub fn parse_rollup_item(item: &TableItem) -> Option<Self> {
        let ParsedCounterKey::Rollup(rollup) = parse_counter_partition_item(item)? else { return None };
        let through = item.get(LAST_CLOSED_DAY)?.as_s().ok()?.parse().ok()?;
        let mut stored = Self::new(rollup, through);
        for (attribute, packed) in item.iter().filter(|(name, _)| name.starts_with([DAY_PREFIX, GROUP_PREFIX])) {
            stored.numbers.insert(attribute.clone(), unpack_counter_values(packed.as_s().ok()?)?);
        }
        Some(stored)
    }

    /// Encodes the rollup as a DynamoDB item.
    pub fn to_rollup_item(&self, team: &TeamId) -> TableItem {
        let mut item = ItemKey::Rollup(&self.rollup).primary_key_attributes(team);
        item.insert(LAST_CLOSED_DAY.to_owned(), AttributeValue::S(self.through.to_string()));
        let packed =
            self.numbers.iter().map(|(attribute, of)| (attribute.clone(), AttributeValue::S(pack_counter_values(of))));
        item.extend(packed);
        item
    }

    /// Adds `leads` to a value. A value that becomes 0 is removed.
    pub fn add_leads(&mut self, attribute: &str, name: &str, leads: i64) {
        let of_attribute = self.numbers.entry(attribute.to_owned()).or_default();
        *of_attribute.entry(name.to_owned()).or_default() += leads;
        of_attribute.retain(|_, leads| *leads != 0);
        if of_attribute.is_empty() {
            self.numbers.remove(attribute);
        }
    }

    /// The counter values of a rollup of days: day, field and number of leads. Empty for other rollups.
    pub fn day_counts(&self) -> impl Iterator<Item = (Date, CounterField, i64)> {
        let first = match self.rollup {
            RollupKey::Days(first) => Some(first),
            RollupKey::Groups(..) | RollupKey::GroupDays(..) => None,
        };
        let days = self.numbers.iter().filter_map(move |(attribute, numbers)| {
            let day = attribute.strip_prefix(DAY_PREFIX)?.parse().ok()?;
            Some((first?.with().day(day).build().ok()?, numbers))
        });
        days.flat_map(|(day, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| Some((day, name.parse().ok()?, *leads)))
        })
    }

    /// The count rows of a rollup of groups. Empty for other rollups.
    pub fn group_count_rows(&self) -> impl Iterator<Item = LeadCount> {
        let groups = self.numbers.iter();
        let groups = groups.filter_map(|(attribute, numbers)| Some((attribute.strip_prefix(GROUP_PREFIX)?, numbers)));
        groups.flat_map(move |(group, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| self.count_row(group, name, *leads))
        })
    }

    fn count_row(&self, group: &str, name: &str, leads: i64) -> Option<LeadCount> {
        let (day, list, source, cell) = match &self.rollup {
            RollupKey::Days(_) => return None,
            RollupKey::Groups(source, _) => (None, group, source.clone(), name),
            RollupKey::GroupDays(first, _) => {
                let (list, source) = group.split_once('|')?;
                let (day, cell) = name.split_at_checked(2)?;
                let day = first.with().day(day.parse().ok()?).build().ok()?;
                (Some(day), list, (!source.is_empty()).then(|| SourceHash::from_key_text(source)), cell)
            }
        };
        Some(LeadCount { day, businesses: parse_business_ids(list)?, source, cell: cell.parse().ok()?, leads })
    }
}

/// Packs counter values: `LA1:3 B7`. A value of 1 is left out.
fn pack_counter_values(numbers: &BTreeMap<String, i64>) -> String {
    let pack = |(name, leads): (&String, &i64)| match leads {
        1 => name.clone(),
        _ => format!("{name}:{leads}"),
    };
    numbers.iter().map(pack).collect::<Vec<_>>().join(" ")
}

fn unpack_counter_values(packed: &str) -> Option<BTreeMap<String, i64>> {
    let parts = packed.split(' ').map(|part| part.split_once(':').unwrap_or((part, "1")));
    parts.map(|(name, leads)| Some((name.to_owned(), leads.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_values_are_packed_and_unpacked() {
        let numbers = BTreeMap::from([("LA1".to_owned(), 3), ("B7".to_owned(), 1), ("LA2".to_owned(), -1)]);
        assert_eq!(pack_counter_values(&numbers), "B7 LA1:3 LA2:-1");
        assert_eq!(unpack_counter_values("B7 LA1:3 LA2:-1"), Some(numbers));
        assert_eq!(unpack_counter_values("LA1:x"), None);
    }

    #[test]
    fn a_stored_rollup_holds_the_sums_that_were_added() {
        let team: TeamId = "demo".parse().unwrap_or_else(|()| unreachable!());
        let month: Date = jiff::civil::date(2026, 5, 1);
        let mut stored = StoredRollup::new(RollupKey::Days(month), jiff::civil::date(2026, 5, 9));
        stored.add_leads("D05", "LA1", 2);
        stored.add_leads("D05", "LA1", 1);
        stored.add_leads("D06", "LA1", 1);
        stored.add_leads("D06", "LA1", -1);
        let item = stored.to_rollup_item(&team);
        assert_eq!(item["D05"], AttributeValue::S("LA1:3".to_owned()));
        assert!(!item.contains_key("D06"));
        let read = StoredRollup::parse_rollup_item(&item).unwrap_or_else(|| unreachable!());
        let days: Vec<_> = read.day_counts().map(|(day, field, leads)| (day, field.to_string(), leads)).collect();
        assert_eq!(days, [(jiff::civil::date(2026, 5, 5), "LA1".to_owned(), 3)]);
        assert_eq!(read.group_count_rows().count(), 0);
    }
}
