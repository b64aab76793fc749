//! References of leads: a status or a business.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessId, StatusId};

/// A status or a business, which leads refer to by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum StatusOrBusiness {
    /// A status, written `S1`.
    Status(StatusId),
    /// A business, written `B1`.
    Business(BusinessId),
}

impl fmt::Display for StatusOrBusiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(id) => write!(f, "S{id}"),
            Self::Business(id) => write!(f, "B{id}"),
        }
    }
}

impl From<StatusOrBusiness> for String {
    fn from(reference: StatusOrBusiness) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for StatusOrBusiness {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = match text.split_at_checked(1) {
            Some(("S", id)) => id.parse().map(Self::Status).ok(),
            Some(("B", id)) => id.parse().map(Self::Business).ok(),
            _ => None,
        };
        parsed.ok_or("not a reference")
    }
}
