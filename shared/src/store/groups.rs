//! The access patterns in groups. A function's state holds the groups that it needs, and sees no others.

use std::ops::Deref;

use super::Table;

/// Declares groups: types that hold the table. Their methods stand in the file of their entity.
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
    /// Counts of created leads.
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
    /// What requests and time leave behind: deleted leads, photos without a lead, counters of past days.
    CleanupStore
}
