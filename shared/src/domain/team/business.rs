//! Businesses that leads belong to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::BusinessId;

/// A business of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Business {
    /// Never reused after a deletion.
    pub id: BusinessId,
    /// 1-100 characters. Unique in the team; case and Unicode form do not matter.
    pub name: String,
}

/// The body of `POST /businesses` and `PUT /businesses/{id}`.
#[derive(Clone, Debug)]
pub struct BusinessInput {
    /// See [`Business::name`].
    pub name: String,
}
