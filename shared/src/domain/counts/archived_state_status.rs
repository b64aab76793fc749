//! Combinations of archived flag, state and status, whose leads are counted separately.

use std::fmt;
use std::str::FromStr;

use crate::domain::{NamedEnum as _, State, StatusId};

/// A combination of archived flag, state and status. A counter counts the leads of each combination separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchivedStateStatus {
    /// Whether the leads are archived.
    pub archived: bool,
    /// State of the leads.
    pub state: State,
    /// Status of the leads.
    pub status: StatusId,
}

impl ArchivedStateStatus {
    /// The four combinations that have this status: live or archived, active or inactive.
    pub fn all_with_status(status: StatusId) -> impl Iterator<Item = Self> {
        let states =
            move |archived| State::all_values().iter().map(move |state| Self { archived, state: *state, status });
        [false, true].into_iter().flat_map(states)
    }
}

/// Attribute name of the number of leads in this combination, for example `LA1` (live, active, status 1) or `XI2` (archived, inactive, status
/// 2).
impl fmt::Display for ArchivedStateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let archived = if self.archived { 'X' } else { 'L' };
        let state = match self.state {
            State::Active => 'A',
            State::Inactive => 'I',
        };
        write!(f, "{archived}{state}{}", self.status)
    }
}

impl FromStr for ArchivedStateStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (flags, status) = text.split_at_checked(2).ok_or(())?;
        let (archived, state) = match flags {
            "LA" => (false, State::Active),
            "LI" => (false, State::Inactive),
            "XA" => (true, State::Active),
            "XI" => (true, State::Inactive),
            _ => return Err(()),
        };
        Ok(Self { archived, state, status: status.parse()? })
    }
}
