//! Statuses and their colours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Named, StatusId};

/// A primary colour: a CSS name that has a CSS light twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Color")]
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

impl Named for Colour {
    /// The colours in the order of `GET /leads/statuses`.
    const ALL: &'static [Self] = &[
        Self::Blue,
        Self::Green,
        Self::Yellow,
        Self::Pink,
        Self::Cyan,
        Self::Gray,
        Self::Coral,
        Self::Salmon,
        Self::Seagreen,
        Self::Skyblue,
        Self::Steelblue,
        Self::Slategray,
    ];

    /// The CSS name.
    fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Pink => "pink",
            Self::Cyan => "cyan",
            Self::Gray => "gray",
            Self::Coral => "coral",
            Self::Salmon => "salmon",
            Self::Seagreen => "seagreen",
            Self::Skyblue => "skyblue",
            Self::Steelblue => "steelblue",
            Self::Slategray => "slategray",
        }
    }
}

impl Colour {
    /// The CSS light twin, for example `lightblue`.
    pub fn light(self) -> String {
        format!("light{}", self.name())
    }
}

/// A status of a team. Its place in the order is its index in [`crate::domain::Team::statuses`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Never reused after a deletion.
    pub id: StatusId,
    /// 1-100 characters. Unique in the team; case and Unicode form do not matter.
    pub name: String,
    /// Colour of the name's text. The background is its light twin.
    pub colour: Colour,
}

/// The body of `POST /leads/status`.
#[derive(Clone, Debug)]
pub struct StatusInput {
    /// See [`Status::name`].
    pub name: String,
    /// See [`Status::colour`].
    pub colour: Colour,
}

/// The body of `PUT /leads/status/{id}`. `None` keeps a value.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// See [`Status::name`].
    pub name: Option<String>,
    /// See [`Status::colour`].
    pub colour: Option<Colour>,
}

/// The body of `PUT /leads/statuses/order`: an array, or a single object.
#[derive(Clone, Debug)]
pub struct StatusOrder(
    /// Statuses with their new places, from 1. At most 12, without duplicates.
    pub Vec<(StatusId, u64)>,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_serde_and_parsing_agree() {
        for colour in Colour::ALL {
            assert_eq!(serde_json::json!(colour), serde_json::json!(colour.name()));
            assert_eq!(Colour::of_name(colour.name()), Some(*colour));
        }
        assert_eq!(Colour::Slategray.light(), "lightslategray");
    }
}
