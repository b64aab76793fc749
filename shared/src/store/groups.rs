//! Store types, each for one group of access patterns. A Lambda function holds only the store types that it needs, and
//! cannot call the access patterns of others.

use std::ops::Deref;

use super::Table;

/// Declares store types: newtypes of `Table`. The methods of each type are in the file of its entity.
macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name(Table);

            impl From<Table> for $name {
                fn from(table: Table) -> Self {
                    Self(table)
                }
            }

            impl Deref for $name {
                type Target = Table;

                fn deref(&self) -> &Table {
                    &self.0
                }
            }
        )*
    };
}

groups! {
    /// Leads: reads, lists, search, and changes of one or many.
    LeadStore
    /// A lead's log and comments.
    ActivityStore
    /// Counts of leads by day of creation.
    CounterStore
    /// A team's statuses and businesses.
    TeamStore
    /// Records of photos.
    PhotoStore
    /// API keys.
    ApiKeyStore
    /// Forms and their submissions.
    FormStore
    /// Webhooks and their deliveries.
    WebhookStore
    /// The feed of events.
    FeedStore
    /// Clean-up of deleted leads, stale search entries and photos without a lead, and rollup of counters.
    CleanupStore
}
