//! The opaque cursor of every list: a position, bound to the team and the filters it was given for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Position, TeamId};

/// What a cursor is good for. It holds no secret: whoever forges one moves within their own team's list.
#[derive(Clone, Debug)]
pub struct Cursor([u8; 8]);

impl Cursor {
    /// The longest text of one, in characters, and more.
    pub const MAX: usize = 200;

    /// The cursor of one list: `list` names it, `filters` is everything that decides what it holds.
    pub fn of(team: &TeamId, list: &str, filters: &str) -> Self {
        let hash = Sha256::digest(format!("{}\n{list}\n{filters}", team.as_str()));
        let mut bound = [0; 8];
        bound.copy_from_slice(&hash[..8]);
        Self(bound)
    }

    /// The text for `nextCursor`: the page after `position`.
    pub fn encode(&self, position: &Position) -> String {
        URL_SAFE_NO_PAD.encode([&self.0[..], position.as_str().as_bytes()].concat())
    }

    /// `None` for anything that this list did not give out.
    pub fn decode(&self, text: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let position = bytes.strip_prefix(&self.0)?;
        Position::parse(std::str::from_utf8(position).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_bound_to_team_list_and_filters() {
        let team: TeamId = "t".parse().unwrap_or_else(|()| unreachable!());
        let other: TeamId = "u".parse().unwrap_or_else(|()| unreachable!());
        let position = Position::new(super::super::Timestamp::from_millisecond(0), 7);
        let text = Cursor::of(&team, "leads", "status=1").encode(&position);
        assert_eq!(Cursor::of(&team, "leads", "status=1").decode(&text), Some(position));
        assert_eq!(Cursor::of(&other, "leads", "status=1").decode(&text), None);
        assert_eq!(Cursor::of(&team, "logs", "status=1").decode(&text), None);
        assert_eq!(Cursor::of(&team, "leads", "status=2").decode(&text), None);
        assert_eq!(Cursor::of(&team, "leads", "status=1").decode("!"), None);
    }
}
