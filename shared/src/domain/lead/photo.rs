//! File names of uploaded photos.

use std::fmt;
use std::str::FromStr;

use crate::domain::{ErrorCode, ValidationFault};

/// File name of an upload: 1-100 characters of `A-Z a-z 0-9 . _ -`, not starting with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhotoName(String);

impl PhotoName {
    /// The fault of a photo that is not an uploaded photo of the team, or that another lead has.
    pub fn unavailable_fault() -> ValidationFault {
        ErrorCode::PhotoUnavailable.with_message("is not an uploaded photo, or belongs to another lead")
    }

    /// Maximum length of a file name, in characters.
    pub const MAX_FILE_NAME_CHARS: usize = 100;

    /// The name of a new upload: 128 random bits as hexadecimal digits, and an extension such as `jpg`.
    pub fn new(random: [u8; 16], extension: &str) -> Self {
        Self(format!("{:032x}.{extension}", u128::from_be_bytes(random)))
    }

    /// The file name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhotoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses the file name of an upload. Text with other characters was never the name of an upload, and must not become
/// part of a key.
impl FromStr for PhotoName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let valid =
            (1..=Self::MAX_FILE_NAME_CHARS).contains(&text.len()) && text.bytes().all(legal) && !text.starts_with('.');
        valid.then(|| Self(text.to_owned())).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_names_of_plain_characters_parse() {
        assert!("photo.jpg".parse::<PhotoName>().is_ok());
        for bad in ["", ".", "..", "../x.jpg", "a/b.jpg", "a#b", "é.jpg", " a.jpg"] {
            assert!(bad.parse::<PhotoName>().is_err(), "{bad:?}");
        }
    }
}
