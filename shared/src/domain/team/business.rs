//! Businesses that leads belong to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::BusinessId;

/// A business of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Business {
    /// Id of the business, never reused after a deletion.
    pub id: BusinessId,
    /// Name of the business, 1-100 characters. Unique in the team; case and Unicode form do not matter.
    pub name: String,
}

/// The body of `POST /businesses` and `PUT /businesses/{id}`.
#[derive(Clone, Debug)]
pub struct BusinessInput {
    /// Name of the business, see [`Business::name`].
    pub name: String,
}
