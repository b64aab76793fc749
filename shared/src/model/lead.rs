//! A lead (spec section 3).

use std::ops::{Deref, DerefMut};
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::rule::Named;
use super::text::{caseless, stored};
use super::{
    Attribution, BusinessId, ErrorCode, Facets, Fault, IndexWords, LeadId, Position, SourceHash, StatusId, Timestamp,
};

/// A lead's own state; its status is another thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum State {
    /// `Active`
    Active,
    /// `Inactive`
    Inactive,
}

impl Named for State {
    const ALL: &'static [Self] = &[Self::Active, Self::Inactive];

    fn name(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        }
    }
}

/// An e-mail address of at most 254 characters, kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("format" = Email::FORMAT))]
pub struct Email(String);

impl Email {
    /// The longest, in characters.
    /// <https://www.rfc-editor.org/errata/eid1690>
    pub const MAX: usize = 254;
    /// Of JSON Schema: Unicode is welcome.
    pub const FORMAT: &'static str = "idn-email";

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for addresses that differ in case or normal form alone: what is unique in a team.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }
}

/// Unicode is welcome; a display name, a bare host and an IP address are not.
impl FromStr for Email {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        let text = stored(text);
        if text.chars().count() > Self::MAX {
            return Err(ErrorCode::TooLong.fault(format!("must be at most {} characters", Self::MAX)));
        }
        let valid = EmailAddress::parse_with_options(&text, options).is_ok();
        valid.then_some(Self(text)).ok_or_else(|| ErrorCode::InvalidFormat.fault("must be an e-mail address"))
    }
}

/// 128 bits of SHA-256 of the text without its case: how text from users stands in a key.
pub(super) fn fingerprint(text: &str) -> String {
    Sha256::digest(caseless(text))[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Profiles elsewhere; empty where unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SocialMedia {
    /// On YouTube.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub youtube: String,
    /// On Facebook.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub facebook: String,
    /// On Instagram.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instagram: String,
    /// On Twitter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub twitter: String,
}

/// What lists and search show of a lead; the indexes hold exactly this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadSummary {
    /// Sequential in the team.
    pub id: LeadId,
    /// At most 100 characters; empty until somebody fills it in, of a lead that came without a name.
    pub first_name: String,
    /// The same.
    pub last_name: String,
    /// Unique in the team, case-insensitively. `None` is stored and answered as an empty text.
    #[serde(serialize_with = "or_empty", deserialize_with = "unless_empty")]
    pub email: Option<Email>,
    /// At most 10 of 1-32 characters; at least one where there is no e-mail address.
    pub phone_number: Vec<String>,
    /// One of the team's.
    pub status_id: StatusId,
    /// At most 10 of the team's, none twice.
    pub business: Vec<BusinessId>,
    /// See [`State`].
    pub state: State,
    /// A file name from an upload, or empty.
    pub photo: String,
    /// At most 200 characters.
    pub company: String,
    /// Hidden from lists and search.
    pub archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Where it stands in every list; never changes.
    pub sort_position: Position,
}

fn or_empty<S: Serializer>(email: &Option<Email>, serializer: S) -> Result<S::Ok, S::Error> {
    email.as_ref().map_or("", Email::as_str).serialize(serializer)
}

fn unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Email>, D::Error> {
    String::deserialize(deserializer).map(|text| (!text.is_empty()).then_some(Email(text)))
}

/// What only a lead that is read by its id shows: each a text that may be empty, or texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LeadDetails {
    /// Where the lead came from.
    pub source: String,
    /// Anything worth knowing.
    pub description: String,
    /// Where the lead is.
    pub location: String,
    /// What the lead is in the company.
    pub position: String,
    /// Profiles elsewhere, those that are known.
    pub social_media: SocialMedia,
    /// Where who filled in a form came from, the first time.
    #[serde(skip_serializing_if = "Attribution::is_empty")]
    pub attribution: Attribution,
}

/// A lead with everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// What lists show.
    #[serde(flatten)]
    pub summary: LeadSummary,
    /// The rest of what it says.
    #[serde(flatten)]
    pub details: LeadDetails,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When anything was last written of it, a comment included: later writes are later, whatever the clocks say.
    pub written_at: Timestamp,
    /// Grows with every write of this lead; its `ETag`.
    pub version: u64,
    /// How many log entries it has.
    pub logs: u64,
    /// How many comments it has.
    pub comments: u64,
    /// See [`Derived`].
    pub derived: Derived,
    /// Search words whose entries did not fit the transaction that made them stale, to be swept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_words: Vec<String>,
}

/// What the keys of a lead's other items were made of when it was last written. Whatever changes or deletes the lead goes
/// by this and not by the rules of its own release, so that no rule's change leaves anything behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// Of the lock on its address; none when it has no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Of its counters and its entry in the index by source; none when it has no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceHash>,
    /// Of its search entries.
    pub words: IndexWords,
}

impl Derived {
    /// By the rules of this release.
    pub fn new(lead: &LeadSummary, details: &LeadDetails) -> Self {
        let words = IndexWords::of(lead, [&details.position, &details.location]);
        let email = lead.email.as_ref().map(Email::fingerprint);
        Self { email, source: SourceHash::of(&details.source), words }
    }
}

impl Deref for Lead {
    type Target = LeadSummary;

    fn deref(&self) -> &LeadSummary {
        &self.summary
    }
}

impl DerefMut for Lead {
    fn deref_mut(&mut self) -> &mut LeadSummary {
        &mut self.summary
    }
}

impl Lead {
    /// Most businesses of a lead (spec section 2).
    pub const MAX_BUSINESSES: usize = 10;

    /// A lead of which nothing is known yet but what every lead has.
    pub fn new(id: LeadId, email: Option<Email>, state: State, status_id: StatusId, at: Timestamp) -> Self {
        let summary = LeadSummary {
            id,
            first_name: String::new(),
            last_name: String::new(),
            email,
            phone_number: Vec::new(),
            status_id,
            business: Vec::new(),
            state,
            photo: String::new(),
            company: String::new(),
            archived: false,
            created_at: at,
            sort_position: Position::new(at, id.get()),
        };
        let details = LeadDetails::default();
        Self {
            derived: Derived::new(&summary, &details),
            summary,
            details,
            updated_at: at,
            written_at: at,
            version: 1,
            logs: 1,
            comments: 0,
            stale_words: Vec::new(),
        }
    }

    /// Whether anybody can be reached: by e-mail or by phone.
    pub fn has_contact(&self) -> bool {
        self.email.is_some() || !self.phone_number.is_empty()
    }

    /// What the lead is counted by.
    pub fn facets(&self) -> Facets {
        Facets::of(self)
    }

    /// Derives anew what its other items are found by, after a change.
    pub fn derive(&mut self) {
        self.derived = Derived::new(&self.summary, &self.details);
    }

    /// When a write that was asked for at `now` happens: after every write before it.
    pub fn next_write(&self, now: Timestamp) -> Timestamp {
        now.max(self.written_at.plus(SignedDuration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
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
    fn one_fingerprint_whatever_the_case() {
        let of = |text: &str| text.parse::<Email>().map(|email| email.fingerprint());
        assert_eq!(of("John.Doe@Example.com"), of("john.doe@example.COM"));
        assert_eq!(of("jose\u{301}@example.com"), of("JOSÉ@example.com"));
        assert_ne!(of("jose@example.com"), of("josé@example.com"));
    }
}
