//! Names of the attributes that hold the numbers of a counter.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::archived_state_status::ArchivedStateStatus;
use crate::domain::BusinessId;

/// Name of the attribute that holds one number of a counter. The name says which leads the number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterField {
    /// Number of leads in a [`ArchivedStateStatus`], for example `LA1`.
    Leads(ArchivedStateStatus),
    /// Number of leads in a [`ArchivedStateStatus`] that belong to a business, for example `LA1B7`.
    OfBusiness(ArchivedStateStatus, BusinessId),
    /// Number of all leads of a business, for example `B7`.
    Business(BusinessId),
    /// Number of all leads without a business: `B0`.
    Unassigned,
}

impl fmt::Display for CounterField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads(cell) => cell.fmt(f),
            Self::OfBusiness(cell, business) => write!(f, "{cell}B{business}"),
            Self::Business(business) => write!(f, "B{business}"),
            Self::Unassigned => f.write_str("B0"),
        }
    }
}

impl FromStr for CounterField {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('B') {
            None => text.parse().map(Self::Leads),
            Some(("", "0")) => Ok(Self::Unassigned),
            Some(("", id)) => id.parse().map(Self::Business),
            Some((cell, id)) => Ok(Self::OfBusiness(cell.parse()?, id.parse()?)),
        }
    }
}

/// The numbers of a counter by field, or the amounts to add to these numbers. A missing field is zero.
pub type CounterValues = BTreeMap<CounterField, i64>;
