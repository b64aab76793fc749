//! E-mail addresses.

use std::str::FromStr;

use email_address::{EmailAddress, Options};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caseless_hash;
use crate::domain::{ErrorCode, ValidationFault, normalize_for_storage};

/// An e-mail address of at most 254 characters: trimmed and in Unicode NFC, otherwise as the caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("format" = Email::JSON_SCHEMA_FORMAT))]
pub struct Email(pub(super) String);

impl Email {
    /// Maximum length of an e-mail address, in characters. <https://www.rfc-editor.org/errata/eid1690>
    pub const MAX_EMAIL_CHARS: usize = 254;
    /// JSON Schema `format` of an e-mail address, which allows Unicode.
    pub const JSON_SCHEMA_FORMAT: &'static str = "idn-email";

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hash of the address, equal for addresses that differ only in case or Unicode form. Unique in a team.
    pub fn caseless_hash(&self) -> String {
        caseless_hash(&self.0)
    }
}

/// Parses an e-mail address. Unicode is allowed; a display name, a host without a dot and an IP address are not.
impl FromStr for Email {
    type Err = ValidationFault;

    fn from_str(text: &str) -> Result<Self, ValidationFault> {
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        let text = normalize_for_storage(text);
        if text.chars().count() > Self::MAX_EMAIL_CHARS {
            return Err(
                ErrorCode::TooLong.with_message(format!("must be at most {} characters", Self::MAX_EMAIL_CHARS))
            );
        }
        let valid = EmailAddress::parse_with_options(&text, options).is_ok();
        valid.then_some(Self(text)).ok_or_else(|| ErrorCode::InvalidFormat.with_message("must be an e-mail address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_email_addresses_parse() {
        for good in ["john.doe@example.com", "jörg@exämple.de", "用户@例子.公司", "a+b@c.io", "o'brien@x.ie"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in
            ["", "john", "john@", "@x.com", "a b@x.com", "John <j@x.com>", "j@[127.0.0.1]", "j@localhost", "a@b@c.d"]
        {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
        assert!(format!("{}@x.com", "a".repeat(300)).parse::<Email>().is_err());
    }

    #[test]
    fn hashes_of_email_addresses_ignore_case() {
        let of = |text: &str| text.parse::<Email>().map(|email| email.caseless_hash());
        assert_eq!(of("John.Doe@Example.com"), of("john.doe@example.COM"));
        assert_eq!(of("jose\u{301}@example.com"), of("JOSÉ@example.com"));
        assert_ne!(of("jose@example.com"), of("josé@example.com"));
    }
}
