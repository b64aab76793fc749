//! The caller of a request: team, role, user, and the API key or form that acts in the user's name.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::domain::{TeamId, Timestamp};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A caller's role, which decides what the caller may do in the team: `docs/api.md#who-may-do-what` has the table.
/// Except for `Sender`, the names are the values of the token claim `custom:team_role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum TeamRole {
    /// Reads and changes everything, including statuses, businesses, keys, forms and webhooks.
    Owner,
    /// Reads everything; changes leads, photos and comments.
    Manager,
    /// Reads everything and changes nothing.
    Viewer,
    /// Creates leads and reads nothing. Only API keys have this role.
    Sender,
}

/// A user of the team, with the names and the e-mail address from their token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Id of the user: a positive integer, unique in the team.
    pub id: u64,
    /// E-mail address from the token; may be empty.
    pub email: String,
    /// First name from the token; may be empty.
    pub first_name: String,
    /// Last name from the token; may be empty.
    pub last_name: String,
}

/// Id and name of an API key or form, as log entries and events show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentName {
    /// Id of the API key or form.
    #[schemars(schema_with = "agent_id_schema")]
    pub id: u64,
    /// Name of the API key or form at the time of the change.
    pub name: String,
}

fn agent_id_schema(_: &mut SchemaGenerator) -> Schema {
    crate::domain::ids::id_schema()
}

/// An API key or form, which acts in the name of the user who created it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    /// A program that called with an API key.
    Key(AgentName),
    /// A visitor who submitted a form.
    Form(AgentName),
}

/// The author of a change: the user, and the API key or form that acted in the user's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// The user who acted, or who created the API key or form that acted.
    pub user: User,
    /// The API key that made the request. Absent if the request came without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AgentName")]
    pub key: Option<AgentName>,
    /// The form through which a visitor made the change. Absent for other changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AgentName")]
    pub form: Option<AgentName>,
}

impl Author {
    /// Whether both authors are the same user without an API key or form, or the same API key. Always false if either
    /// author has a form.
    pub fn is_same_author(&self, other: &Self) -> bool {
        let key = |author: &Self| author.key.as_ref().map(|key| key.id);
        let by_form = self.form.is_some() || other.form.is_some();
        !by_form && self.user.id == other.user.id && key(self) == key(other)
    }
}

/// The caller of a request (team, user, and the API key or form that acts in the user's name), and the time of the
/// request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The caller's team. The request can reach no other team's data.
    pub team: TeamId,
    /// The user whom log entries and events name as the author.
    pub user: User,
    /// The API key or form that acts in the user's name. `None` if the user acts.
    pub agent: Option<Agent>,
    /// Time at which the caller's request arrived, to the millisecond.
    pub at: Timestamp,
}

impl Actor {
    /// The author that log entries and events of this caller's changes show.
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
    fn roles_are_case_sensitive() {
        assert_eq!("Owner".parse(), Ok(TeamRole::Owner));
        assert!("owner".parse::<TeamRole>().is_err());
        assert!("".parse::<TeamRole>().is_err());
    }
}
