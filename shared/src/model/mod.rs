//! Data and rules without AWS, HTTP or a clock: every result depends on the arguments alone.

mod activity;
mod actor;
mod api_key;
mod business;
mod comment;
mod counts;
mod creation_counts;
mod cursor;
mod delivery;
mod egress;
mod error_code;
mod event;
mod fields;
mod form;
mod idempotency;
mod ids;
mod lead;
mod lead_batch;
mod lead_csv;
mod lead_filter;
mod lead_input;
mod lead_response;
mod normalize;
mod period;
mod photo;
mod position;
mod query;
mod refusal;
mod rule;
mod search_index;
mod status;
mod submission;
mod team;
mod timestamp;
mod webhook;

pub use activity::{Action, Change, EntityType, LogEntry};
pub use actor::{Actor, Agent, AgentName, Author, Role, TeamId, User};
pub use api_key::{ApiKey, ApiKeyInput, ApiKeyResponse, ApiKeyRole, Secret};
pub use business::{Business, BusinessInput};
pub use comment::{Comment, CommentInput};
pub use counts::{
    CopyId, CountRow, CountedProperties, CounterField, CounterFields, CounterKey, Deltas, Group, Reference, SHARDS,
    SourceHash, StatusCell,
};
pub use creation_counts::CreationCounts;
pub use cursor::Cursor;
pub use delivery::{
    Attempt, DeliveredEvent, Delivery, DeliveryJob, DeliveryResponse, DeliveryState, Lane, Message, NextStep,
    ScheduledJob,
};
pub use egress::EgressAllowlist;
pub use error_code::{ErrorCode, Fault};
pub use event::{
    Deletion, Event, EventComment, EventFilter, EventId, EventSource, EventType, FeedCursor, FeedEvent, FeedPosition,
    NotBy, OutboxEntry, Ping,
};
pub use fields::{BodyReader, FieldError, Item, Items, JsonBody, JsonObject, ObjectReader, Presence, RequestBody};
pub use form::{Attribution, Form, FormInput, FormKey, FormResponse, FormStatistics};
pub use idempotency::{IdempotencyKey, StoredResponse};
pub use ids::{ApiKeyId, BusinessId, CommentId, FormId, LeadId, LogId, StatusId, UserId, WebhookId};
pub use lead::{Derived, Email, Lead, LeadDetails, LeadSummary, SocialMedia, State};
pub use lead_batch::{BatchMode, BatchResponse, ExistingLead, LeadBatch, RowOutcome, RowResult};
pub use lead_csv::COLUMNS;
pub use lead_filter::{LeadFilter, Order};
pub use lead_input::{LeadChange, LeadIds, LeadMerge, LeadRow, LeadUpdate, NewLead, StatusChange, WriteMode};
pub use lead_response::{LeadResponse, LeadSummaryResponse};
pub use period::{Period, percentage_change};
pub use photo::PhotoName;
pub use position::Position;
pub use query::{Day, Flag, Limit, MAX_FILTER_IDS, Param, QueryFields, QueryInput, QueryReader, choice, id, text_of};
pub use refusal::DomainError;
pub use rule::{Named, OneOf, Positive, Validator, positive};
pub use search_index::{IndexWords, SearchQuery, Term};
pub use status::{Colour, Status, StatusInput, StatusOrder, StatusResponse, StatusUpdate};
pub use submission::Submission;
pub use team::Team;
pub use timestamp::Timestamp;
pub use webhook::{
    AttemptOutcome, Destination, ReplayInput, SigningSecret, SwitchedOff, Webhook, WebhookInput, WebhookResponse,
};
