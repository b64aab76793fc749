//! Businesses that leads belong to (spec section 4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BusinessId;
use super::fields::{Body, Fields as _, Input};
use super::rule::filled;

/// A business of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Business {
    /// Never given again after a deletion.
    pub id: BusinessId,
    /// Unique in the team, whatever its case and normal form; 1-100 characters.
    pub name: String,
}

/// The body of `POST /businesses` and `PUT /businesses/{id}`.
#[derive(Clone, Debug)]
pub struct BusinessInput {
    /// See [`Business::name`].
    pub name: String,
}

impl Input for BusinessInput {
    const INVALID: &'static str = "Invalid business data";

    fn read(body: impl Body) -> Option<Self> {
        body.object(&["id"], |fields| Some(Self { name: fields.required("name", &filled(100))? }))
    }
}
