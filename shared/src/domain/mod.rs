//! Data and rules without AWS, HTTP or a clock: every result depends on the arguments alone.

mod access;
mod activity;
mod counts;
pub mod error;
mod error_code;
mod field_error;
mod forms;
mod hex;
mod idempotency;
pub(crate) mod ids;
mod lead;
mod named;
mod normalize;
mod refusal;
mod team;
mod timestamp;
mod view;
mod web_url;
mod webhooks;

pub use access::actor::{Actor, Agent, AgentName, Author, TeamId, TeamRole, User};
pub use access::api_key::{ApiKey, ApiKeyInput, ApiKeyRole, ApiKeySecret};
pub use activity::comment::{Comment, CommentInput};
pub use activity::position::SortPosition;
pub use activity::{Action, Change, EntityType, LogEntry};
pub use counts::creation::CreationCounts;
pub use counts::period::{Period, percentage_change};
pub use counts::{
    ArchivedStateStatus, COUNTER_SHARDS, CountedProperties, CounterCopyId, CounterDeltas, CounterField, CounterKey,
    CounterValues, LeadCount, LeadGroup, SourceHash, StatusOrBusiness,
};
pub use error_code::{ErrorCode, ValidationFault};
pub use field_error::FieldError;
pub use forms::form::{Attribution, Form, FormInput, FormKey, FormStatistics};
pub use forms::submission::Submission;
pub use hex::to_hex;
pub use idempotency::IdempotencyKey;
pub use ids::{ApiKeyId, BusinessId, CommentId, FormId, LeadId, LogId, StatusId, UserId, ViewId, WebhookId};
pub use lead::batch::{BatchMode, ExistingLead, LeadBatch, RowOutcome, RowResult};
pub(crate) use lead::change::unique_in_order;
pub use lead::change::{BusinessIdOrName, LeadChange, LeadRow, LeadValues, NewLead, ProfileValues, WriteMode};
pub use lead::filter::{LeadFilter, LeadOrder};
pub use lead::photo::PhotoName;
pub use lead::search_index::{IndexWords, SearchQuery, SearchTerm};
pub use lead::{DerivedKeyParts, Email, Lead, LeadDetails, LeadSummary, SocialMedia, State};
pub use named::NamedEnum;
pub(crate) use normalize::{has_only_invisible_chars, normalize_for_storage};
pub use refusal::DomainError;
pub use team::Team;
pub use team::business::{Business, BusinessInput};
pub use team::status::{Colour, Status, StatusInput, StatusOrder, StatusUpdate};
pub use timestamp::Timestamp;
pub use view::{View, ViewInput, ViewLayout, ViewParam, ViewQuery};
pub(crate) use web_url::parse_web_uri;
pub use webhooks::delivery::{
    Attempt, DeliveredEvent, Delivery, DeliveryContent, DeliveryJob, DeliveryQueueKind, DeliveryState, NextStep,
    ScheduledJob,
};
pub use webhooks::egress::EgressAllowlist;
pub use webhooks::event::{
    Deletion, EventComment, EventFilter, EventId, EventSourceItem, EventType, ExcludedAuthor, FeedCursor, FeedEvent,
    FeedPosition, OutboxEntry,
};
pub use webhooks::webhook::{
    AttemptOutcome, ReplayInput, SigningSecret, SwitchedOff, Webhook, WebhookInput, WebhookUrl,
};
