//! Who is calling, for which team, and when (spec section 1).

use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The tenant: 1-64 of `A-Z a-z 0-9 _ -`. Every key of the table begins with it.
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

/// What a member may do in a team; the table is spec section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, statuses and businesses included.
    Owner,
    /// Reads everything, writes leads, photos and comments.
    Manager,
    /// Reads everything.
    Viewer,
    /// Creates leads, and reads nothing; of keys alone.
    Sender,
}

impl Role {
    /// The claim's text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Manager => "Manager",
            Self::Viewer => "Viewer",
            Self::Sender => "Sender",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Owner, Self::Manager, Self::Viewer, Self::Sender]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(())
    }
}

/// A member of a team, as the token names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// A positive integer, unique in the team.
    pub id: u64,
    /// As in the token; may be empty.
    pub email: String,
    /// As in the token; may be empty.
    pub first_name: String,
    /// As in the token; may be empty.
    pub last_name: String,
}

/// A key or a form, as the log names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentName {
    /// Its id.
    #[schemars(schema_with = "agent_id")]
    pub id: u64,
    /// Its name then.
    pub name: String,
}

fn agent_id(_: &mut SchemaGenerator) -> Schema {
    super::ids::schema()
}

/// What acts on behalf of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    /// A machine, with an API key (spec section 9).
    Key(AgentName),
    /// Anyone, through a form (spec section 11).
    Form(AgentName),
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// As their token named them then.
    pub user: User,
    /// The API key that acted in their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AgentName")]
    pub key: Option<AgentName>,
    /// The form that was filled in, under its creator's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AgentName")]
    pub form: Option<AgentName>,
}

impl Author {
    /// Whether both are the same: the same user without a key or form, or the same key. What a form wrote is nobody's own.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |author: &Self| author.key.as_ref().map(|key| key.id);
        let by_form = self.form.is_some() || other.form.is_some();
        !by_form && self.user.id == other.user.id && key(self) == key(other)
    }
}

/// Who makes a request: what every write needs to know of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The only team this request can see.
    pub team: TeamId,
    /// Who wrote, for the log.
    pub user: User,
    /// What acts in the user's name, unless it is the user.
    pub agent: Option<Agent>,
    /// When the request arrived, to the millisecond.
    pub at: Timestamp,
}

impl Actor {
    /// Who wrote, as logs and events name them.
    pub fn author(&self) -> Author {
        let (key, form) = match self.agent.clone() {
            None => (None, None),
            Some(Agent::Key(key)) => (Some(key), None),
            Some(Agent::Form(form)) => (None, Some(form)),
        };
        Author { user: self.user.clone(), key, form }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_id_has_nothing_that_a_key_could_be_built_from() {
        for bad in ["", "a#b", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<TeamId>().is_err(), "{bad:?}");
        }
        for good in ["a", "Team_1-x", &"x".repeat(64)] {
            assert!(good.parse::<TeamId>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn roles_are_exact() {
        assert_eq!("Owner".parse(), Ok(Role::Owner));
        assert!("owner".parse::<Role>().is_err());
        assert!("".parse::<Role>().is_err());
    }
}
