//! Businesses that leads belong to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::BusinessId;
use crate::domain::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::domain::input::rule::filled;

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

impl RequestBody for BusinessInput {
    const INVALID: &'static str = "Invalid business data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&["id"], |fields| Some(Self { name: fields.required("name", &filled(100))? }))
    }
}
