//! Ids of events and of test pings.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::domain::TeamId;

/// Upper bound (excluded) of the random number in a ping's id. A [`SortPosition`] has 16 digits for the number.
const PING_NUMBER_LIMIT: u64 = 10_000_000_000_000_000;

/// Id of an event, unique across teams, for example `evt_acme_42`. The numbers of a team's events ascend in the order
/// of publication. Numbers may be skipped; no number is used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    const EVENT_ID_PREFIX: &'static str = "evt_";

    /// The id of a team's event with this number.
    pub fn new(team: &TeamId, number: u64) -> Self {
        Self(format!("{}{}_{number}", Self::EVENT_ID_PREFIX, team.as_str()))
    }

    /// The id of a webhook's test (ping). `random` differs for each test.
    pub fn of_ping(team: &TeamId, random: u64) -> Self {
        Self(format!("ping_{}_{}", team.as_str(), random % PING_NUMBER_LIMIT))
    }

    /// The number at the end of the id.
    pub fn trailing_number(&self) -> u64 {
        self.0.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the id of an event of this team, and returns its number. `None` for other text.
    pub fn parse_number(text: &str, team: &TeamId) -> Option<u64> {
        let (of, number) = text.strip_prefix(Self::EVENT_ID_PREFIX)?.rsplit_once('_')?;
        let number: u64 = number.parse().ok()?;
        (of == team.as_str() && text == Self::new(team, number).0).then_some(number)
    }
}

impl JsonSchema for EventId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EventId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The same however often the event is delivered, and of no other event of any team.",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn an_event_id_parses_only_for_its_own_team() {
        let team = |text: &str| TeamId::from_str(text).unwrap_or_else(|()| unreachable!());
        let id = EventId::new(&team("a_1"), 7);
        assert_eq!(id.as_str(), "evt_a_1_7");
        assert_eq!(EventId::parse_number(id.as_str(), &team("a_1")), Some(7));
        assert_eq!(EventId::parse_number(id.as_str(), &team("a")), None);
        for none in ["", "7", "evt_a_1_07", "evt_a_1_", "ping_a_1_7", "evt_a_1_x", "evt_b_7"] {
            assert_eq!(EventId::parse_number(none, &team("a_1")), None, "{none}");
        }
    }
}
