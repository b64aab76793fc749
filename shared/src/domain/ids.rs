//! Ids: positive integers, sequential per team and kind.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The largest id, 2^53 - 1: many JSON parsers round larger integers.
pub(crate) const MAX_ID: u64 = (1 << 53) - 1;

/// JSON Schema (2020-12) of an id.
pub(crate) fn id_schema() -> Schema {
    json_schema!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The first id.
            pub const MIN: Self = Self(NonZeroU64::MIN);

            /// The largest id, 2^53 - 1: many JSON parsers round larger integers.
            pub const MAX: u64 = MAX_ID;

            /// Converts a number to an id. `None` for zero and for numbers above [`Self::MAX`].
            pub fn new(value: u64) -> Option<Self> {
                NonZeroU64::new(value).filter(|v| v.get() <= Self::MAX).map(Self)
            }

            /// The plain number.
            pub fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl TryFrom<u64> for $name {
            type Error = ();

            fn try_from(value: u64) -> Result<Self, ()> {
                Self::new(value).ok_or(())
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                id_schema()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        /// Parses the digits of a positive integer, without sign, space or leading zero.
        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
                plain.then(|| text.parse().ok().and_then(Self::new)).flatten().ok_or(())
            }
        }
    };
}

id!(
    /// Id of a lead.
    LeadId
);
id!(
    /// Id of a status.
    StatusId
);
id!(
    /// Id of a business.
    BusinessId
);
id!(
    /// Id of a user, assigned by the issuer of tokens.
    UserId
);
id!(
    /// Id of a log entry.
    LogId
);
id!(
    /// Id of a comment.
    CommentId
);
id!(
    /// Id of an API key.
    ApiKeyId
);
id!(
    /// Id of a form.
    FormId
);
id!(
    /// Id of a saved view.
    ViewId
);
id!(
    /// Id of a webhook.
    WebhookId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_positive_integers_are_ids() {
        for bad in ["", "0", "-1", "+1", "01", "1.0", " 1", "1e3", "x", "9007199254740992", "99999999999999999999"] {
            assert!(bad.parse::<LeadId>().is_err(), "{bad:?}");
        }
        assert_eq!("9007199254740991".parse::<LeadId>().map(LeadId::get), Ok(LeadId::MAX));
    }
}
