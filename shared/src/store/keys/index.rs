//! Global secondary indexes and their partition keys.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{self, DUE_AT, SORT_POSITION};
use crate::domain::{Lead, NamedEnum as _, SourceHash, State, StatusId, TeamId};
use crate::store::TableItem;

/// The global secondary indexes. The indexes of leads project the fields of [`crate::domain::LeadSummary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableIndex {
    /// Leads by archived flag and state (active or inactive).
    ByArchived,
    /// Leads by archived flag, state (active or inactive) and status.
    ByStatus,
    /// Leads by source.
    BySource,
    /// Clean-up tasks of all teams. Projects keys only.
    Cleanup,
}

impl TableIndex {
    /// Every index.
    pub const ALL_INDEXES: [Self; 4] = [Self::ByArchived, Self::ByStatus, Self::BySource, Self::Cleanup];

    /// Name of the index in `template.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByArchived => "leads-by-archived",
            Self::ByStatus => "leads-by-status",
            Self::BySource => "leads-by-source",
            Self::Cleanup => "cleanup",
        }
    }

    /// Name of the index's partition key attribute.
    pub fn partition_attribute(self) -> &'static str {
        match self {
            Self::ByArchived => attribute::index::BY_ARCHIVED,
            Self::ByStatus => attribute::index::BY_STATUS,
            Self::BySource => attribute::index::BY_SOURCE,
            Self::Cleanup => attribute::index::CLEANUP_SHARD,
        }
    }

    /// Name of the index's sort key attribute.
    pub fn sort_attribute(self) -> &'static str {
        match self {
            Self::ByArchived | Self::ByStatus | Self::BySource => SORT_POSITION,
            Self::Cleanup => DUE_AT,
        }
    }
}

/// A partition of an index of leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexPartition {
    /// The leads with this archived flag and this [`State`] (active or inactive).
    Archived(bool, State),
    /// The leads with this archived flag, state and status.
    Status(bool, State, StatusId),
    /// The leads with this source.
    Source(SourceHash),
}

impl IndexPartition {
    /// The index that the partition belongs to.
    pub fn index_of_partition(&self) -> TableIndex {
        match self {
            Self::Archived(..) => TableIndex::ByArchived,
            Self::Status(..) => TableIndex::ByStatus,
            Self::Source(_) => TableIndex::BySource,
        }
    }

    /// The partition key value of the partition.
    pub fn partition_key_value(&self, team: &TeamId) -> String {
        let team = team.as_str();
        let flag = |archived: &bool| if *archived { "ARCHIVED" } else { "LIVE" };
        match self {
            Self::Archived(archived, state) => format!("T#{team}#{}#{}", flag(archived), state.value_name()),
            Self::Status(archived, state, id) => format!("T#{team}#{}#{}#{id}", flag(archived), state.value_name()),
            Self::Source(source) => format!("T#{team}#SOURCE#{}", source.as_str()),
        }
    }

    /// The partition key attributes that list a lead's item in the indexes. The sort key attribute is the lead's own
    /// sort position.
    pub fn index_key_attributes(team: &TeamId, lead: &Lead) -> TableItem {
        let source = lead.derived.source.clone().map(Self::Source);
        let partitions = [
            Some(Self::Archived(lead.archived, lead.state)),
            Some(Self::Status(lead.archived, lead.state, lead.status_id)),
            source,
        ];
        let attribute = |p: Self| {
            (p.index_of_partition().partition_attribute().to_owned(), AttributeValue::S(p.partition_key_value(team)))
        };
        partitions.into_iter().flatten().map(attribute).collect()
    }
}
