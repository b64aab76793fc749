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
    /// Access to leads: reads, lists, search, and changes of one or many.
    LeadStore
    /// Access to the logs and comments of leads.
    ActivityStore
    /// Access to counts of leads by day of creation.
    CounterStore
    /// Access to a team's statuses and businesses.
    TeamStore
    /// Access to the records of photos.
    PhotoStore
    /// Access to saved views.
    ViewStore
    /// Access to API keys.
    ApiKeyStore
    /// Access to forms and their submissions.
    FormStore
    /// Access to webhooks and their deliveries.
    WebhookStore
    /// Access to the feed of events.
    FeedStore
    /// Access for the clean-up of deleted leads, stale search entries and photos without a lead, and for the rollup of
    /// counters.
    CleanupStore
}
