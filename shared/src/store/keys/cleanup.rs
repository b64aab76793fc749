//! Clean-up tasks: items that an index lists by the time at which they are due.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{DUE_AT, PK};
use super::index::TableIndex;
use crate::domain::{LeadId, PhotoName, TeamId, Timestamp};
use crate::store::TableItem;

/// Number of partitions (shards) of the index of clean-up tasks. The throughput of a single partition would limit the
/// rate of deletions.
pub const CLEANUP_SHARDS: u8 = 4;

/// A clean-up task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupTask {
    /// A deleted lead, or a lead with stale search entries.
    Lead(LeadId),
    /// A photo without a lead.
    Photo(PhotoName),
    /// The counters of a team, to be rolled up.
    Counts,
}

impl CleanupTask {
    /// The attributes by which an index lists an item as a clean-up task that is due at `due_at`, in a random shard.
    pub fn attributes_due_at(due_at: Timestamp) -> TableItem {
        let partition = cleanup_partition(fastrand::u8(..CLEANUP_SHARDS));
        let attribute = |name: &str, value| (name.to_owned(), AttributeValue::S(value));
        HashMap::from([
            attribute(TableIndex::Cleanup.partition_attribute(), partition),
            attribute(DUE_AT, due_sort_key(due_at)),
        ])
    }

    /// Names of the attributes that make an item a clean-up task.
    pub fn attribute_names() -> [&'static str; 2] {
        [TableIndex::Cleanup.partition_attribute(), DUE_AT]
    }

    /// Parses the team and the task of an entry in the index of clean-up tasks. `None` for other items.
    pub fn of(item: &TableItem) -> Option<(TeamId, Self)> {
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

pub(super) fn cleanup_partition(shard: u8) -> String {
    format!("CLEANUP#{shard}")
}

/// Sort key of a clean-up task in the index: the due time as text of fixed length, so that text order is time order.
pub(super) fn due_sort_key(at: Timestamp) -> String {
    at.to_string()
}
