//! Leads as they are stored.

pub(super) mod batch;
pub(super) mod change;
pub(super) mod email;
pub(super) mod external_id;
pub(super) mod filter;
pub(super) mod lead_match;
pub(super) mod photo;
pub(super) mod search_index;

use std::ops::{Deref, DerefMut};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::normalize::normalize_for_comparison;
use super::{
    Attribution, BusinessId, CountedProperties, Email, ExternalIds, IndexWords, LeadId, SortPosition, SourceHash,
    StatusId, Timestamp, to_hex,
};
use strum::{IntoStaticStr, VariantArray};

/// State of a lead, set independently of the lead's status.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    IntoStaticStr,
    VariantArray,
)]
pub enum State {
    /// `Active`
    Active,
    /// `Inactive`
    Inactive,
}

/// The first 128 bits of the SHA-256 of the case-folded text, as hexadecimal digits. Keys contain this hash in place of
/// an e-mail address or a source.
pub(super) fn caseless_hash(text: &str) -> String {
    to_hex(&Sha256::digest(normalize_for_comparison(text))[..16])
}

/// Profiles of a lead on social media; empty if unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SocialMedia {
    /// YouTube profile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub youtube: String,
    /// Facebook profile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub facebook: String,
    /// Instagram profile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instagram: String,
    /// Twitter profile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub twitter: String,
}

/// The fields of a lead that lists and search results show. The table's indexes over leads project exactly these
/// fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadSummary {
    /// Id of the lead, sequential in the team.
    pub id: LeadId,
    /// First name, at most 100 characters. Empty if the lead came without a name.
    pub first_name: String,
    /// Last name, at most 100 characters. Empty if the lead came without a name.
    pub last_name: String,
    /// E-mail address, unique in the team regardless of case. `None` is stored and returned as an empty string.
    #[serde(serialize_with = "serialize_email", deserialize_with = "deserialize_email")]
    pub email: Option<Email>,
    /// Phone numbers: at most 10, of 1-32 characters each. At least one if the lead has no e-mail address.
    pub phone_number: Vec<String>,
    /// Id of the lead's status, one of the team's statuses.
    pub status_id: StatusId,
    /// Ids of the lead's businesses: at most 10 of the team's businesses, without duplicates.
    pub business: Vec<BusinessId>,
    /// State of the lead, see [`State`].
    pub state: State,
    /// File name of the lead's photo, or empty.
    pub photo: String,
    /// Company, at most 200 characters.
    pub company: String,
    /// Whether the lead is archived. Search leaves archived leads out, and `GET /leads` lists them only on request.
    pub archived: bool,
    /// When the lead was created.
    pub created_at: Timestamp,
    /// Sort position of the lead in every list. Never changes.
    pub sort_position: SortPosition,
}

fn serialize_email<S: Serializer>(email: &Option<Email>, serializer: S) -> Result<S::Ok, S::Error> {
    email.as_ref().map_or("", Email::as_str).serialize(serializer)
}

fn deserialize_email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Email>, D::Error> {
    String::deserialize(deserializer).map(|text| (!text.is_empty()).then_some(email::Email(text)))
}

/// The fields of a lead that lists do not return. Each field may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LeadDetails {
    /// Where the lead came from.
    pub source: String,
    /// Free text.
    pub description: String,
    /// Place of the lead.
    pub location: String,
    /// The lead's position in the company.
    pub position: String,
    /// Profiles on social media; unknown ones are absent.
    pub social_media: SocialMedia,
    /// Where the visitor came from when they first submitted a form.
    #[serde(skip_serializing_if = "Attribution::is_empty")]
    pub attribution: Attribution,
}

/// A lead with all its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// The fields that lists return.
    #[serde(flatten)]
    pub summary: LeadSummary,
    /// The fields that lists do not return.
    #[serde(flatten)]
    pub details: LeadDetails,
    /// The ids that other systems have for the lead.
    #[serde(default, skip_serializing_if = "ExternalIds::is_empty")]
    pub external_ids: ExternalIds,
    /// When a field of the lead was last changed.
    pub updated_at: Timestamp,
    /// Time of the last write to the lead, its log or its comments. Each write has a later time than the write before,
    /// even if clocks differ.
    pub written_at: Timestamp,
    /// Version of the lead, which grows with every change. Part of the lead's `ETag`.
    pub version: u64,
    /// Number of log entries.
    pub logs: u64,
    /// Number of comments.
    pub comments: u64,
    /// Hashes and words that the keys of a lead's other items contain. They are stored with the lead, because a later
    /// release may derive other ones and would not find the old items.
    pub derived: DerivedKeyParts,
    /// Entries of the lead that the clean-up is to delete.
    #[serde(default, skip_serializing_if = "StaleEntries::is_empty")]
    pub stale: StaleEntries,
}

/// Entries that a lead no longer needs, because a change took away a word or a business, but whose deletion did not fit
/// the transaction of that change. Readers ignore them, and the clean-up deletes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StaleEntries {
    /// Words whose search entries are stale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Businesses in whose lists the lead's entry is stale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub businesses: Vec<BusinessId>,
}

impl StaleEntries {
    /// Whether the lead has no stale entry.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.businesses.is_empty()
    }
}

/// Hashes and words that the keys of a lead's other items contain, as the last write derived them. A change or deletion
/// finds those items by these values. It does not derive them anew, because a later release may derive others and would
/// leave items behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedKeyParts {
    /// Hash of the e-mail address, in the key of the item that reserves the address. `None` without an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Hash of the source, in the keys of the source's counters and index entry. `None` without a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceHash>,
    /// Words of the lead, in the keys of its search index entries.
    pub words: IndexWords,
}

impl DerivedKeyParts {
    /// Derives the values from a lead's fields by the rules of this release.
    pub fn new(lead: &LeadSummary, details: &LeadDetails) -> Self {
        let words = IndexWords::of(lead, [&details.position, &details.location]);
        let email = lead.email.as_ref().map(Email::caseless_hash);
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
    /// Maximum number of businesses of a lead.
    pub const MAX_BUSINESSES: usize = 10;

    /// Maximum length of a first or last name, in characters.
    pub const MAX_NAME_CHARS: usize = 100;

    /// A new lead whose optional fields are empty.
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
            sort_position: SortPosition::new(at, id.get()),
        };
        let details = LeadDetails::default();
        Self {
            derived: DerivedKeyParts::new(&summary, &details),
            summary,
            details,
            external_ids: ExternalIds::default(),
            updated_at: at,
            written_at: at,
            version: 1,
            logs: 1,
            comments: 0,
            stale: StaleEntries::default(),
        }
    }

    /// Whether the lead has an e-mail address or a phone number.
    pub fn has_contact(&self) -> bool {
        self.email.is_some() || !self.phone_number.is_empty()
    }

    /// The properties that decide in which counters the lead is counted.
    pub fn counted_properties(&self) -> CountedProperties {
        CountedProperties::of(self)
    }

    /// Computes the lead's [`DerivedKeyParts`] again after a change of its fields.
    pub fn update_derived(&mut self) {
        self.derived = DerivedKeyParts::new(&self.summary, &self.details);
    }

    /// Time to store for a write that was requested at `now`: later than the time of every earlier write to the lead.
    pub fn next_write_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.written_at.saturating_add(SignedDuration::from_millis(1)))
    }
}
