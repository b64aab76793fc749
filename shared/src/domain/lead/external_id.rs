//! Ids that other systems have for a lead, such as `512` in `hubspot`.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{
    ErrorCode, FieldError, ValidationFault, WriteMode, has_only_invisible_chars, normalize_for_storage, to_hex,
};

/// Name of another system, such as `hubspot`: a lowercase letter, then lowercase letters, digits, `_` and `-`. At most
/// 32 characters. `email` is no such name, because `GET /leads/by/email/{address}` finds leads by e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("pattern" = ExternalSystem::PATTERN))]
pub struct ExternalSystem(String);

impl ExternalSystem {
    /// Maximum length of a system's name, in characters.
    pub const MAX_SYSTEM_CHARS: usize = 32;
    /// Pattern of a system's name in the OpenAPI document.
    pub const PATTERN: &str = "^[a-z][a-z0-9_-]{0,31}$";
    /// Path segment that selects a lead by its e-mail address. It is not a valid name of a system.
    pub const EMAIL: &str = "email";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ExternalSystem {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalSystem {
    type Err = ValidationFault;

    fn from_str(text: &str) -> Result<Self, ValidationFault> {
        let starts_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let valid = starts_with_letter && text.chars().all(is_allowed) && text.len() <= Self::MAX_SYSTEM_CHARS;
        (valid && text != Self::EMAIL).then(|| Self(text.to_owned())).ok_or_else(|| {
            ErrorCode::InvalidFormat.with_message(
                "must be the name of a system: 1 to 32 of a-z, 0-9, _ and -, a letter first, and not `email`",
            )
        })
    }
}

/// Id of a lead in another system: 1 to 100 characters without control characters and `/`. Upper and lower case are
/// different ids, because in some systems they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("minLength" = 1, "maxLength" = ExternalId::MAX_ID_CHARS))]
pub struct ExternalId(String);

impl ExternalId {
    /// Maximum length of an id, in characters.
    pub const MAX_ID_CHARS: usize = 100;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 128 bits of the SHA-256 of the id, as hexadecimal digits, for the key of the item that reserves the id.
    pub fn key_hash(&self) -> String {
        to_hex(&Sha256::digest(&self.0)[..16])
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ExternalId {
    type Err = ValidationFault;

    fn from_str(text: &str) -> Result<Self, ValidationFault> {
        let text = normalize_for_storage(text);
        if text.is_empty() || has_only_invisible_chars(&text) {
            return Err(ErrorCode::Empty.with_message("must not be empty"));
        }
        if text.chars().count() > Self::MAX_ID_CHARS {
            return Err(ErrorCode::TooLong.with_message(format!("must be at most {} characters", Self::MAX_ID_CHARS)));
        }
        if text.contains(char::is_control) {
            return Err(ErrorCode::ControlCharacters.with_message("must not contain control characters"));
        }
        // An HTTP API decodes the path of a URL and drops what follows a `?`; clients resolve `.` and `..`.
        // <https://github.com/hotsock/voker/pull/8>
        if text.contains(['/', '?']) || [".", ".."].contains(&text.as_str()) {
            return Err(ErrorCode::InvalidFormat.with_message("must not contain / or ?, and must not be . or .."));
        }
        Ok(Self(text))
    }
}

/// The ids that other systems have for a lead, by system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct ExternalIds(BTreeMap<ExternalSystem, ExternalId>);

impl ExternalIds {
    /// Maximum number of external ids of a lead.
    pub const MAX_IDS: usize = 3;
    /// Name of the field in requests, responses and log entries.
    pub const FIELD_NAME: &str = "externalIds";

    /// Whether no other system has an id for the lead.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id in `system`. `None` if that system has none.
    pub fn id_in(&self, system: &str) -> Option<&ExternalId> {
        self.0.get(system)
    }

    /// Each system with its id, in the order of the systems' names.
    pub fn iter(&self) -> impl Iterator<Item = (&ExternalSystem, &ExternalId)> {
        self.0.iter()
    }

    /// Name of one system's id as errors, log entries and CSV columns have it: `externalIds.hubspot`.
    pub fn dotted_name(system: &ExternalSystem) -> String {
        format!("{}.{system}", Self::FIELD_NAME)
    }
}

/// A change of a lead's external ids, merged by system (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalIdsChange {
    /// Whether systems that [`ExternalIdsChange::by_system`] does not name lose their ids.
    pub(crate) removes_others: bool,
    /// New id by system. `None` removes the id.
    pub(crate) by_system: BTreeMap<ExternalSystem, Option<ExternalId>>,
}

impl ExternalIdsChange {
    /// The ids that the change sets, by system.
    pub fn new_ids(&self) -> impl Iterator<Item = (&ExternalSystem, &ExternalId)> {
        self.by_system.iter().filter_map(|(system, id)| Some((system, id.as_ref()?)))
    }

    /// Applies the change to a lead's ids.
    pub(super) fn write_ids(&self, ids: &mut ExternalIds, mode: WriteMode) {
        if mode == WriteMode::FillEmpty {
            for (system, id) in self.new_ids() {
                ids.0.entry(system.clone()).or_insert_with(|| id.clone());
            }
            return;
        }
        if self.removes_others {
            ids.0.clear();
        }
        for (system, id) in &self.by_system {
            match id {
                Some(id) => drop(ids.0.insert(system.clone(), id.clone())),
                None => drop(ids.0.remove(system)),
            }
        }
    }

    /// The fault of a lead that has too many external ids after the change.
    pub(super) fn too_many_ids_fault(after: &ExternalIds) -> Option<FieldError> {
        let fault = || ErrorCode::InvalidLength.with_message(format!("must have at most {} ids", ExternalIds::MAX_IDS));
        (after.0.len() > ExternalIds::MAX_IDS).then(|| FieldError::new(ExternalIds::FIELD_NAME, fault()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_systems_are_short_lowercase_words() {
        for good in ["hubspot", "h", "sap-r3", "pipe_drive", &"a".repeat(32)] {
            assert_eq!(good.parse::<ExternalSystem>().as_ref().map(ExternalSystem::as_str), Ok(good));
        }
        for bad in ["", "email", "HubSpot", "3com", "-a", "a b", "a/b", "é", &"a".repeat(33)] {
            assert!(bad.parse::<ExternalSystem>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_keep_their_case_and_lose_only_surrounding_space() {
        for (text, id) in [("512", "512"), (" 00Q5e00000AbCdE ", "00Q5e00000AbCdE"), ("山田 1#%", "山田 1#%")] {
            assert_eq!(text.parse::<ExternalId>().as_ref().map(ExternalId::as_str), Ok(id));
        }
        for bad in ["", "  ", "\u{200b}", "a/b", "a?b", ".", "..", "a\nb", &"a".repeat(101)] {
            assert!(bad.parse::<ExternalId>().is_err(), "{bad:?}");
        }
        let hash = |text: &str| text.parse::<ExternalId>().map(|id| id.key_hash());
        assert_ne!(hash("00Q5e"), hash("00Q5E"));
    }

    #[test]
    fn a_change_is_merged_by_system() {
        let text = |text: &str| text.parse().unwrap_or_else(|_| unreachable!());
        let system = |name: &str| -> ExternalSystem { name.parse().unwrap_or_else(|_| unreachable!()) };
        let before = ExternalIds(BTreeMap::from([(system("hubspot"), text("1")), (system("sap"), text("2"))]));
        let by_system = BTreeMap::from([
            (system("hubspot"), Some(text("9"))),
            (system("sap"), None),
            (system("xero"), Some(text("3"))),
        ]);
        let change = ExternalIdsChange { removes_others: false, by_system };
        let after = |mode| {
            let mut ids = before.clone();
            change.write_ids(&mut ids, mode);
            ids.iter().map(|(system, id)| format!("{system} {id}")).collect::<Vec<_>>()
        };
        assert_eq!(after(WriteMode::Overwrite), ["hubspot 9", "xero 3"]);
        assert_eq!(after(WriteMode::FillEmpty), ["hubspot 1", "sap 2", "xero 3"]);
    }
}
