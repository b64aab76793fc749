//! Clean-up tasks: items in an index by the time at which they are due.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{DUE, PK};
use super::index::Index;
use crate::domain::{LeadId, PhotoName, TeamId, Timestamp};
use crate::store::Item;

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
        HashMap::from([attribute(Index::Cleanup.attribute(), partition), attribute(DUE, due_sort_key(due_at))])
    }

    /// Names of the attributes that make an item a clean-up task.
    pub fn attribute_names() -> [&'static str; 2] {
        [Index::Cleanup.attribute(), DUE]
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

pub(super) fn cleanup_partition(shard: u8) -> String {
    format!("CLEANUP#{shard}")
}

/// The sort key of a clean-up task. All have one length, so that they sort by time.
pub(super) fn due_sort_key(at: Timestamp) -> String {
    at.to_string()
}
