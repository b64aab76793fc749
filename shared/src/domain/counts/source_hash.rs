//! Hashes of lead sources, as counter keys contain them.

use serde::{Deserialize, Serialize};

use crate::domain::lead::caseless_hash;

/// Hash of a lead's source after case folding. Keys of counters and index entries contain this hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceHash(String);

impl SourceHash {
    /// The hash of a source, equal for sources that differ only in case or Unicode form. `None` for an empty source.
    pub fn of(source: &str) -> Option<Self> {
        (!source.is_empty()).then(|| Self(caseless_hash(source)))
    }

    /// Wraps the text of a hash that was read from a key.
    pub fn from_key_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The hash as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
