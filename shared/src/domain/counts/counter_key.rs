//! Identifiers of counters, and of the stored copies of a counter.

use jiff::civil::Date;

use super::source_hash::SourceHash;
use crate::domain::BusinessId;

/// Number of businesses that share one counter. With four statuses, the counter's item stays below 1 KB, the size that
/// one write unit covers.
const BUSINESSES_PER_COUNTER: u64 = 8;
/// Number of counters for businesses. Each counter covers eight consecutive ids; from id 512 on, ids share the counters
/// of lower ids.
const BUSINESS_COUNTERS: u64 = 64;

/// A group of leads: all leads that have the same businesses and the same source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeadGroup {
    /// Businesses of the group, in ascending order of id; may be empty.
    pub businesses: Vec<BusinessId>,
    /// Hash of the group's source. `None` for leads without a source.
    pub source: Option<SourceHash>,
}

/// Identifies a counter by the leads that the counter counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterKey {
    /// Counter of all leads. Its fields are `CounterField::Leads`.
    All,
    /// Counter of the leads of one source. Its fields are `CounterField::Leads`.
    Source(SourceHash),
    /// Counter that several businesses share, by the counter's number. Its fields are `CounterField::OfBusiness` and
    /// `CounterField::Business`.
    Businesses(u64),
    /// Counter of the leads created on one day (UTC). Its fields are `CounterField::Leads`,
    /// `CounterField::Business` and `CounterField::Unassigned`.
    Day(Date),
    /// Counter of the leads of one [`LeadGroup`] created on one day (UTC). Its fields are `CounterField::Leads`.
    Group(Date, LeadGroup),
}

impl CounterKey {
    /// The counter that counts the leads of a business.
    pub fn of_business(id: BusinessId) -> Self {
        Self::Businesses(id.get() / BUSINESSES_PER_COUNTER % BUSINESS_COUNTERS)
    }
}

/// Identifies one of the stored copies of a counter. A write adds to the copy for the day of the write, in a random
/// shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterCopyId {
    /// Day (UTC) of the writes that add to this copy. When the day is over, the copies of counters by day and by group
    /// are rolled up.
    pub generation: Date,
    /// Number of the copy, below [`COUNTER_SHARDS`](super::COUNTER_SHARDS).
    pub shard: u64,
}

impl CounterCopyId {
    /// A copy of a counter that exists once for all days: of all leads, of a source, or of businesses.
    pub fn without_generation(shard: u64) -> Self {
        Self { generation: Date::ZERO, shard }
    }
}
