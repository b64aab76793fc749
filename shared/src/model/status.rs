//! Statuses and their colours (spec section 4).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StatusId;
use super::fields::{FieldError, Fields, Input, filled, id, one_of};

/// A primary colour: a CSS name that has a CSS light twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// Every colour a status may have, in the order that `GET /leads/statuses` lists them.
    pub const ALL: [Self; 12] = [
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

    const NAMES: &str = "blue, green, yellow, pink, cyan, gray, coral, salmon, seagreen, skyblue, steelblue, slategray";

    /// The CSS name.
    pub fn as_str(self) -> &'static str {
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

    /// The CSS light twin, a status's `secondaryColor`.
    pub fn light(self) -> String {
        format!("light{}", self.as_str())
    }
}

impl FromStr for Colour {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|colour| colour.as_str() == text).ok_or(())
    }
}

/// A status of a team. Its place in the order is its place in [`super::Team::statuses`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Never given again after a deletion.
    pub id: StatusId,
    /// Unique in the team, whatever its case and normal form; 1-100 characters.
    pub name: String,
    /// The colour of the name's text; the background is its light twin.
    pub colour: Colour,
}

/// What `GET /leads/statuses` shows of a status and nobody chooses.
const READ_ONLY: &[&str] = &["id", "secondaryColor", "statusOrder"];

/// The body of `POST /leads/status`.
#[derive(Clone, Debug)]
pub struct StatusInput {
    /// See [`Status::name`].
    pub name: String,
    /// See [`Status::colour`].
    pub colour: Colour,
}

impl Input for StatusInput {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::of(body, READ_ONLY, errors)?;
        let name = fields.required("name", filled(100));
        let colour = fields.required("primaryColor", one_of(Colour::NAMES));
        Some(Self { name: name?, colour: colour? })
    }
}

/// The body of `PUT /leads/status/{id}`: `None` leaves as it is.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// See [`Status::name`].
    pub name: Option<String>,
    /// See [`Status::colour`].
    pub colour: Option<Colour>,
}

impl Input for StatusUpdate {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let mut fields = Fields::of(body, READ_ONLY, errors)?;
        let name = fields.nullable("name", filled(100));
        let colour = fields.nullable("primaryColor", one_of(Colour::NAMES));
        Some(Self { name: name?, colour: colour? })
    }
}

/// The body of `PUT /leads/statuses/order`: an array, or one object as the original document shows it.
#[derive(Clone, Debug)]
pub struct StatusOrder(
    /// Status and wanted place, 1 the first; at most 12, no status twice.
    pub Vec<(StatusId, u64)>,
);

impl Input for StatusOrder {
    const INVALID: &'static str = "Invalid status order";

    fn read(body: Value, errors: &mut Vec<FieldError>) -> Option<Self> {
        let items = match body {
            Value::Array(items) => items,
            one => vec![one],
        };
        if items.is_empty() || items.len() > super::Team::MAX_STATUSES {
            errors.push(FieldError::new("body", "must have 1 to 12 items"));
            return None;
        }
        let mut places: Vec<(StatusId, u64)> = Vec::new();
        for item in items {
            let mut fields = Fields::of(item, &["name", "primaryColor", "secondaryColor"], errors)?;
            let status = fields.required("id", id(StatusId::new));
            let place = fields.required("statusOrder", id(|place| (place > 0).then_some(place)));
            if let (Some(status), Some(place)) = (status, place) {
                if places.iter().any(|(other, _)| *other == status) {
                    fields.refuse::<()>("id", format!("{status} is given twice"));
                }
                places.push((status, place));
            }
        }
        errors.is_empty().then_some(Self(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_serde_and_parsing_agree() {
        for colour in Colour::ALL {
            assert_eq!(serde_json::json!(colour), serde_json::json!(colour.as_str()));
            assert_eq!(colour.as_str().parse(), Ok(colour));
        }
        assert_eq!(Colour::ALL.map(Colour::as_str).join(", "), Colour::NAMES);
        assert_eq!(Colour::Slategray.light(), "lightslategray");
    }
}
