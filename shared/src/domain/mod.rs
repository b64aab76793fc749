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
mod web_url;
mod webhooks;

pub use access::actor::{Actor, Agent, AgentName, Author, Role, TeamId, User};
pub use access::api_key::{ApiKey, ApiKeyInput, ApiKeyRole, Secret};
pub use activity::comment::{Comment, CommentInput};
pub use activity::position::Position;
pub use activity::{Action, Change, EntityType, LogEntry};
pub use counts::creation::CreationCounts;
pub use counts::period::{Period, percentage_change};
pub use counts::{
    CopyId, CountRow, CountedProperties, CounterField, CounterFields, CounterKey, Deltas, Group, Reference, SHARDS,
    SourceHash, StatusCell,
};
pub use error_code::{ErrorCode, Fault};
pub use field_error::FieldError;
pub use forms::form::{Attribution, Form, FormInput, FormKey, FormStatistics};
pub use forms::submission::Submission;
pub use hex::hex;
pub use idempotency::IdempotencyKey;
pub use ids::{ApiKeyId, BusinessId, CommentId, FormId, LeadId, LogId, StatusId, UserId, WebhookId};
pub use lead::batch::{BatchMode, ExistingLead, LeadBatch, RowOutcome, RowResult};
pub(crate) use lead::change::once_each;
pub use lead::change::{BusinessReference, LeadChange, LeadRow, LeadValues, NewLead, ProfileValues, WriteMode};
pub use lead::filter::{LeadFilter, Order};
pub use lead::photo::PhotoName;
pub use lead::search_index::{IndexWords, SearchQuery, Term};
pub use lead::{Derived, Email, Lead, LeadDetails, LeadSummary, SocialMedia, State};
pub use named::Named;
pub(crate) use normalize::{is_blank, stored};
pub use refusal::DomainError;
pub use team::Team;
pub use team::business::{Business, BusinessInput};
pub use team::status::{Colour, Status, StatusInput, StatusOrder, StatusUpdate};
pub use timestamp::Timestamp;
pub(crate) use web_url::web_uri;
pub use webhooks::delivery::{
    Attempt, DeliveredEvent, Delivery, DeliveryJob, DeliveryState, Lane, Message, NextStep, ScheduledJob,
};
pub use webhooks::egress::EgressAllowlist;
pub use webhooks::event::{
    Deletion, EventComment, EventFilter, EventId, EventSource, EventType, FeedCursor, FeedEvent, FeedPosition, NotBy,
    OutboxEntry,
};
pub use webhooks::webhook::{
    AttemptOutcome, Destination, ReplayInput, SigningSecret, SwitchedOff, Webhook, WebhookInput,
};
