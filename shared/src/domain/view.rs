//! Saved views: named filters of the list of leads, for one user or shared by a team.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::{Timestamp, User, ViewId};

/// How a view shows its leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ViewLayout {
    /// As a board with one column for each status.
    Board,
    /// As a table.
    Table,
}

/// Value of a query parameter in a view, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ViewParam {
    /// One text, which may hold several ids that are separated by commas.
    One(String),
    /// One text for each repetition of the parameter.
    Repeated(Vec<String>),
}

impl ViewParam {
    /// The texts of the parameter, one for each repetition.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Repeated(texts) => texts,
        }
    }
}

/// Query parameters of `GET /leads` by name.
pub type ViewQuery = BTreeMap<String, ViewParam>;

/// A saved view of the list of leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Id of the view, sequential in the team.
    pub id: ViewId,
    /// Name of the view, 1-100 characters.
    pub name: String,
    /// Query parameters of `GET /leads` that select and sort the leads.
    pub query: ViewQuery,
    /// How the view shows its leads.
    pub layout: ViewLayout,
    /// Names of the columns to show, in their order. Clients choose the names.
    pub columns: Vec<String>,
    /// Whether everybody in the team sees the view. If not, only the user who created it does.
    pub shared: bool,
    /// The user who created the view.
    pub created_by: User,
    /// When the view was created.
    pub created_at: Timestamp,
    /// Version of the view. Every change adds one.
    pub version: u64,
}

impl View {
    /// Maximum number of views of one user that are not shared.
    pub const MAX_VIEWS_PER_USER: u64 = 50;
    /// Maximum number of shared views of a team.
    pub const MAX_SHARED_VIEWS_PER_TEAM: u64 = 50;

    /// Creates a view.
    pub fn new(id: ViewId, input: &ViewInput, created_by: &User, created_at: Timestamp) -> Self {
        Self {
            id,
            name: input.name.clone(),
            query: input.query.clone(),
            layout: input.layout,
            columns: input.columns.clone(),
            shared: input.shared,
            created_by: created_by.clone(),
            created_at,
            version: 1,
        }
    }

    /// The view after a change by `input`. A view that is no longer shared belongs to `user`, who made the change.
    #[must_use]
    pub fn changed_by(&self, input: &ViewInput, user: &User) -> Self {
        let created_by = if self.shared && !input.shared { user } else { &self.created_by };
        Self { version: self.version + 1, ..Self::new(self.id, input, created_by, self.created_at) }
    }

    /// Id of the user to whom the view belongs. `None` for a shared view.
    pub fn owner(&self) -> Option<u64> {
        (!self.shared).then_some(self.created_by.id)
    }
}

/// The body of `POST /views` and `PUT /views/{id}`.
#[derive(Clone, Debug)]
pub struct ViewInput {
    /// Name of the view, see [`View::name`].
    pub name: String,
    /// Query of the view, see [`View::query`].
    pub query: ViewQuery,
    /// Layout of the view, see [`View::layout`].
    pub layout: ViewLayout,
    /// Columns of the view, see [`View::columns`].
    pub columns: Vec<String>,
    /// Whether the view is shared, see [`View::shared`].
    pub shared: bool,
}

impl ViewInput {
    /// Text of `message` in the 400 response that names the bad fields of a view.
    pub const INVALID_VIEW_MESSAGE: &'static str = "Invalid view data";
}
