//! Ids of teams.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Id of a team (a tenant): 1-64 characters of `A-Z a-z 0-9 _ -`. Every partition key of the table starts with `T#` and
/// this id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TeamId(String);

impl TeamId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TeamId> for String {
    fn from(team: TeamId) -> Self {
        team.0
    }
}

impl TryFrom<String> for TeamId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map_err(|()| "not the id of a team")
    }
}

impl FromStr for TeamId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(legal);
        valid.then(|| Self(text.to_owned())).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_id_has_only_letters_digits_underscores_and_hyphens() {
        for bad in ["", "a#b", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<TeamId>().is_err(), "{bad:?}");
        }
        for good in ["a", "Team_1-x", &"x".repeat(64)] {
            assert!(good.parse::<TeamId>().is_ok(), "{good:?}");
        }
    }
}
