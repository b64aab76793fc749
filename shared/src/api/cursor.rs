//! The opaque cursor of lists: a position, bound to the team and the filters of its list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{Position, TeamId};

/// Fingerprint of one list. It is no secret: a forged cursor only moves within the caller's own list.
#[derive(Clone, Debug)]
pub struct Cursor([u8; 8]);

impl Cursor {
    /// Upper bound on the length of an encoded cursor, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The fingerprint of one list. `list` is its name, `filters` everything that decides which items it has.
    pub fn of(team: &TeamId, list: &str, filters: &str) -> Self {
        let hash = Sha256::digest(format!("{}\n{list}\n{filters}", team.as_str()));
        let mut bound = [0; 8];
        bound.copy_from_slice(&hash[..8]);
        Self(bound)
    }

    /// Encodes `nextCursor` for the page after `position`.
    pub fn encode(&self, position: &Position) -> String {
        URL_SAFE_NO_PAD.encode([&self.0[..], position.as_str().as_bytes()].concat())
    }

    /// The position of a cursor. `None` if the text is no cursor of this list.
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
        let position = Position::new(crate::domain::Timestamp::from_millisecond(0), 7);
        let text = Cursor::of(&team, "leads", "status=1").encode(&position);
        assert_eq!(Cursor::of(&team, "leads", "status=1").decode(&text), Some(position));
        assert_eq!(Cursor::of(&other, "leads", "status=1").decode(&text), None);
        assert_eq!(Cursor::of(&team, "logs", "status=1").decode(&text), None);
        assert_eq!(Cursor::of(&team, "leads", "status=2").decode(&text), None);
        assert_eq!(Cursor::of(&team, "leads", "status=1").decode("!"), None);
    }
}
