use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::{Timestamp, User, View, ViewId, ViewLayout, ViewQuery};

/// A saved view of the list of leads.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "View")]
pub struct ViewResponse {
    id: ViewId,
    /// Name of the view, 1-100 characters.
    name: String,
    /// Query parameters of `GET /leads` that select and sort the leads.
    query: ViewQuery,
    layout: ViewLayout,
    /// Names of the columns to show, in their order. Clients choose the names.
    columns: Vec<String>,
    /// Whether everybody in the team sees the view. If not, only the user who created it does.
    shared: bool,
    /// The user who created the view.
    created_by: User,
    /// Time at which the view was created.
    created_at: Timestamp,
}

impl From<&View> for ViewResponse {
    fn from(view: &View) -> Self {
        Self {
            id: view.id,
            name: view.name.clone(),
            query: view.query.clone(),
            layout: view.layout,
            columns: view.columns.clone(),
            shared: view.shared,
            created_by: view.created_by.clone(),
            created_at: view.created_at,
        }
    }
}
