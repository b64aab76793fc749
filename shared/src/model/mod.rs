//! Pure data and rules: no AWS, no HTTP, no clock. Everything here is decided from its arguments.

mod activity;
mod actor;
mod answer;
mod business;
mod counts;
mod cursor;
mod fields;
mod ids;
mod lead;
mod lead_filter;
mod lead_input;
mod photo;
mod position;
mod status;
mod team;
mod words;

pub use activity::{Action, Change, EntityType, LogEntry};
pub use actor::{Actor, Role, TeamId, User};
pub use answer::{Answer, Once};
pub use business::{Business, BusinessInput};
pub use counts::{Cell, CountKey, Counter, Delta, Deltas, Facets, Reference, SHARDS, SourceHash};
pub use cursor::Cursor;
pub use fields::{FieldError, Fields, Input, QueryFields, QueryInput};
pub use ids::{BusinessId, LeadId, LogId, StatusId};
pub use lead::{Email, Lead, LeadSummary, SocialMedia, State};
pub use lead_filter::{LeadFilter, Order};
pub use lead_input::{LeadChange, LeadIds, NewLead, StatusChange};
pub use photo::PhotoName;
pub use position::Position;
pub use status::{Colour, Status, StatusInput, StatusOrder, StatusUpdate};
pub use team::Team;
pub use words::{IndexWords, SearchQuery, Term, index_words};
