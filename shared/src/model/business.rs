//! Businesses that leads belong to (spec section 4).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BusinessId;
use super::fields::{FieldError, Fields, Input, filled};

/// A business of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        Some(Self { name: Fields::of(body, &["id"], errors)?.required("name", filled(100))? })
    }
}
