//! Indexes and their partitions.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{self, DUE, SORT_POSITION};
use crate::domain::{Lead, Named as _, SourceHash, State, StatusId, TeamId};
use crate::store::Item;

/// The global secondary indexes. Those of leads project the fields of [`crate::domain::LeadSummary`].
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
            Self::ByArchived => attribute::index::BY_ARCHIVED,
            Self::ByStatus => attribute::index::BY_STATUS,
            Self::BySource => attribute::index::BY_SOURCE,
            Self::Cleanup => attribute::index::CLEANUP,
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
