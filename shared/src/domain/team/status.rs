//! Statuses and their colours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::domain::input::rule::{Named, Positive, Text, filled, one_of, positive};
use crate::domain::{ErrorCode, StatusId, Team};

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

const STATUS_NAME: Text = filled(100);
/// Read-only fields of a status. Sent back, they have no effect.
const READ_ONLY: &[&str] = &["id", "secondaryColor", "statusOrder"];

/// The body of `POST /leads/status`.
#[derive(Clone, Debug)]
pub struct StatusInput {
    /// See [`Status::name`].
    pub name: String,
    /// See [`Status::colour`].
    pub colour: Colour,
}

impl RequestBody for StatusInput {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(READ_ONLY, |fields| {
            let (name, colour) = (fields.required("name", &STATUS_NAME), fields.required("primaryColor", &one_of()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

/// The body of `PUT /leads/status/{id}`. `None` keeps a value.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// See [`Status::name`].
    pub name: Option<String>,
    /// See [`Status::colour`].
    pub colour: Option<Colour>,
}

impl RequestBody for StatusUpdate {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(READ_ONLY, |fields| {
            let (name, colour) = (fields.nullable("name", &STATUS_NAME), fields.nullable("primaryColor", &one_of()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

/// The body of `PUT /leads/statuses/order`: an array, or a single object.
#[derive(Clone, Debug)]
pub struct StatusOrder(
    /// Statuses with their new places, from 1. At most 12, without duplicates.
    pub Vec<(StatusId, u64)>,
);

impl RequestBody for StatusOrder {
    const INVALID: &'static str = "Invalid status order";

    fn read(body: impl BodyReader) -> Option<Self> {
        const PLACE: Positive<u64> = positive();
        let mut seen: Vec<StatusId> = Vec::new();
        let places = body.objects(Team::MAX_STATUSES, &["name", "primaryColor", "secondaryColor"], |fields| {
            let (status, place) = (fields.required("id", &positive()), fields.required("statusOrder", &PLACE));
            let status = status?;
            if seen.contains(&status) {
                fields.refuse("id", ErrorCode::Duplicate.fault(format!("{status} is given twice")));
            }
            seen.push(status);
            Some((status, place?))
        });
        places.map(Self)
    }
}

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
