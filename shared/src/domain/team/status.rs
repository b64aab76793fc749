//! Statuses and their colours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{NamedEnum as _, StatusId};
use strum::{IntoStaticStr, VariantArray};

/// Colour of a status: a CSS colour name that has a light variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Color")]
#[strum(serialize_all = "lowercase")]
pub enum Colour {
    /// `blue`
    Blue,
    /// `green`
    Green,
    /// `yellow`
    Yellow,
    /// `pink`
    Pink,
    /// `cyan`
    Cyan,
    /// `gray`
    Gray,
    /// `coral`
    Coral,
    /// `salmon`
    Salmon,
    /// `seagreen`
    Seagreen,
    /// `skyblue`
    Skyblue,
    /// `steelblue`
    Steelblue,
    /// `slategray`
    Slategray,
}

impl Colour {
    /// The CSS name of the light variant, for example `lightblue`.
    pub fn light_variant(self) -> String {
        format!("light{}", self.value_name())
    }
}

/// A status of a team. Its place in the team's order is its index in [`crate::domain::Team::statuses`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Id of the status, never reused after a deletion.
    pub id: StatusId,
    /// Name of the status, 1-100 characters. Unique in the team; case and Unicode form do not matter.
    pub name: String,
    /// Colour of the status's name. The background has the light variant of this colour.
    pub colour: Colour,
}

/// The body of `POST /leads/status`.
#[derive(Clone, Debug)]
pub struct StatusInput {
    /// Name of the new status, see [`Status::name`].
    pub name: String,
    /// Colour of the new status, see [`Status::colour`].
    pub colour: Colour,
}

/// The body of `PUT /leads/status/{id}`. `None` keeps the old value.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// New name of the status, see [`Status::name`].
    pub name: Option<String>,
    /// New colour of the status, see [`Status::colour`].
    pub colour: Option<Colour>,
}

/// The body of `PUT /leads/statuses/order`: an array, or a single object.
#[derive(Clone, Debug)]
pub struct StatusOrder(
    /// Statuses with their new places in the order, from 1. At most 12, without duplicate statuses.
    pub Vec<(StatusId, u64)>,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_serialise_and_parse_by_their_names() {
        for colour in Colour::all_values() {
            assert_eq!(serde_json::json!(colour), serde_json::json!(colour.value_name()));
            assert_eq!(Colour::from_name(colour.value_name()), Some(*colour));
        }
        assert_eq!(Colour::Slategray.light_variant(), "lightslategray");
    }
}
