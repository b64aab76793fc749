//! Opaque pagination cursors of lists. A cursor encodes a sort position, and is only valid for the team, list and
//! filters of the request that returned the cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{SortPosition, TeamId};

/// Encodes and decodes the cursors of one list. Every cursor starts with a hash of team, list and filters. The hash is
/// no secret: a forged cursor can only change the position within the caller's own list.
#[derive(Clone, Debug)]
pub struct CursorCodec([u8; 8]);

impl CursorCodec {
    /// Upper bound on the length of an encoded cursor, in characters.
    pub const MAX_ENCODED_CHARS: usize = 200;

    /// Creates the encoder for the cursors of one list. `list` is the name of the list; `filters` is a text of all
    /// filters that decide which items the list contains.
    pub fn of(team: &TeamId, list: &str, filters: &str) -> Self {
        let hash = Sha256::digest(format!("{}\n{list}\n{filters}", team.as_str()));
        let mut bound = [0; 8];
        bound.copy_from_slice(&hash[..8]);
        Self(bound)
    }

    /// Encodes `nextCursor` for the page after `position`.
    pub fn encode_cursor(&self, position: &SortPosition) -> String {
        URL_SAFE_NO_PAD.encode([&self.0[..], position.as_str().as_bytes()].concat())
    }

    /// Decodes a cursor to a sort position. `None` if the text is not a cursor of this list with these filters.
    pub fn decode_cursor(&self, text: &str) -> Option<SortPosition> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let position = bytes.strip_prefix(&self.0)?;
        SortPosition::parse_position(std::str::from_utf8(position).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_bound_to_team_list_and_filters() {
        let team: TeamId = "t".parse().unwrap_or_else(|()| unreachable!());
        let other: TeamId = "u".parse().unwrap_or_else(|()| unreachable!());
        let position = SortPosition::new(crate::domain::Timestamp::from_millisecond(0), 7);
        let text = CursorCodec::of(&team, "leads", "status=1").encode_cursor(&position);
        assert_eq!(CursorCodec::of(&team, "leads", "status=1").decode_cursor(&text), Some(position));
        assert_eq!(CursorCodec::of(&other, "leads", "status=1").decode_cursor(&text), None);
        assert_eq!(CursorCodec::of(&team, "logs", "status=1").decode_cursor(&text), None);
        assert_eq!(CursorCodec::of(&team, "leads", "status=2").decode_cursor(&text), None);
        assert_eq!(CursorCodec::of(&team, "leads", "status=1").decode_cursor("!"), None);
    }
}
