//! Filter of the feed by event type and author.

use std::collections::BTreeSet;

use super::event::EventType;
use crate::domain::{AgentName, Author, NamedEnum as _};

/// An author whose events a reader of the feed excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcludedAuthor {
    /// Excludes events of the API key with this id.
    Key(u64),
    /// Excludes events of the form with this id.
    Form(u64),
    /// Excludes events of the user with this id, except those of the user's API keys and forms.
    User(u64),
}

impl ExcludedAuthor {
    /// Parses `key:3`, `form:2` or `user:1`. `None` for other text.
    pub fn parse_author(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        let id = id.parse().ok().filter(|id| *id > 0)?;
        match kind {
            "key" => Some(Self::Key(id)),
            "form" => Some(Self::Form(id)),
            "user" => Some(Self::User(id)),
            _ => None,
        }
    }

    fn to_text(self) -> String {
        match self {
            Self::Key(id) => format!("key:{id}"),
            Self::Form(id) => format!("form:{id}"),
            Self::User(id) => format!("user:{id}"),
        }
    }

    fn is(self, author: &Author) -> bool {
        let is = |agent: &Option<AgentName>, id| agent.as_ref().is_some_and(|agent| agent.id == id);
        match self {
            Self::Key(id) => is(&author.key, id),
            Self::Form(id) => is(&author.form, id),
            Self::User(id) => author.user.id == id && author.key.is_none() && author.form.is_none(),
        }
    }
}

/// Filter of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Types of the wanted events. Empty for all types.
    pub types: Vec<EventType>,
    /// Authors whose events are excluded.
    pub not_by: Vec<ExcludedAuthor>,
}

impl EventFilter {
    /// The filter as text in a canonical order. Cursors are bound to this text, so that its format must not change
    /// between releases.
    pub fn canonical_text(&self) -> String {
        let types: BTreeSet<&str> = self.types.iter().map(|one| one.value_name()).collect();
        let authors: BTreeSet<String> = self.not_by.iter().map(|one| format!("-{}", one.to_text())).collect();
        let all: Vec<&str> = types.into_iter().chain(authors.iter().map(String::as_str)).collect();
        all.join(",")
    }

    /// Whether the filter wants an event of this type and author.
    pub fn matches_event(&self, event_type: EventType, author: &Author) -> bool {
        (self.types.is_empty() || self.types.contains(&event_type)) && !self.not_by.iter().any(|by| by.is(author))
    }
}
