//! Claims of a locally issued token.

use serde::Deserialize;

/// Claims of a token. The default is the Owner of the demo team.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TokenIdentity {
    /// Id of the team. May be an invalid id.
    pub team: String,
    /// Role in the team. May be an unknown role.
    pub role: String,
    /// Id of the user, unique in the team.
    pub user_id: u64,
    /// The user's e-mail address.
    pub email: String,
    /// The user's first name.
    pub first_name: String,
    /// The user's last name.
    pub last_name: String,
    /// Number of seconds from now until the token expires. Negative for an expired token.
    pub expires_in: i64,
}

impl Default for TokenIdentity {
    fn default() -> Self {
        Self::demo_member("Owner")
    }
}

impl TokenIdentity {
    /// Claims of a member of the demo team with this role. A token with these claims is valid for a day.
    pub fn demo_member(role: &str) -> Self {
        let (user_id, first_name) = match role {
            "Manager" => (2, "Max"),
            "Viewer" => (3, "Vera"),
            _ => (1, "Olivia"),
        };
        Self {
            team: "demo".into(),
            role: role.into(),
            user_id,
            email: format!("{}@example.com", role.to_lowercase()),
            first_name: first_name.into(),
            last_name: "Demo".into(),
            expires_in: 24 * 60 * 60,
        }
    }
}
