//! The library that every function of the Leads API is built from.
//!
//! | Module | What it is | May import |
//! |---|---|---|
//! | [`model`] | data and rules: no AWS, no HTTP, no clock | nothing |
//! | [`error`] | the one error type | `model` |
//! | [`consumed_capacity`] | counts DynamoDB calls and units of a request | nothing |
//! | [`deadline`] | the deadline of a request | nothing |
//! | [`partial_batch`] | partial batch responses | nothing |
//! | [`response_size`] | limits on the size of answers | nothing |
//! | [`entropy`] | unpredictable bytes | `error` |
//! | `backoff` | pauses between tries | `consumed_capacity`, `deadline` |
//! | [`table`] | DynamoDB: keys, a file for each entity, a function for each access pattern | `model`, `error`, `consumed_capacity`, `deadline`, `response_size`, `entropy`, `backoff`, `telemetry` |
//! | [`queue`] | SQS | `model`, `error`, `deadline`, `backoff`, `config` |
//! | [`photos`] | S3 | `model`, `error`, `deadline` |
//! | [`resolver`] | resolution of host names | nothing |
//! | [`http`] | the HTTP layer of every function: extractors, the error envelope, `run` | `model`, `error`, `consumed_capacity`, `deadline`, `response_size`, `telemetry` |
//! | [`aws`] | the clients, built once at cold start | `config`, `consumed_capacity`, `table`, `photos`, `queue` |
//! | [`config`] | every environment variable | `model` |
//! | [`telemetry`] | JSON logs | `config`, `consumed_capacity` |
//! | [`tls`] | TLS to servers other than AWS | nothing |
//!
//! # Glossary
//!
//! | Term | Meaning |
//! |---|---|
//! | team | the tenant; every key starts with its id |
//! | actor | the caller of a write: team, user, and the API key or form that acts for the user |
//! | tombstone | the item of a deleted lead, until the clean-up has removed everything else of it |
//! | counter, copy | a counter counts leads that have something in common; it has eight copies, and a write adds to any of them |
//! | generation | the day of the write that a copy carries; copies of a day that is over are rolled up |
//! | rollup | copies of a month's counters, merged into one item |
//! | guard | the counter by which the deletion of a status or business checks that no lead has it |
//! | outbox | log entries and tombstones, which the table's stream carries to the publisher |
//! | feed | a team's events in the order in which they became known |
//! | delivery, job | a delivery is the record of an event on its way to a webhook; a job is its message in a queue |
//! | promote | copy an upload's object to where photos of leads are |
//! | trip | a round trip to DynamoDB; concurrent requests are one |

pub mod aws;
mod backoff;
pub mod config;
pub mod consumed_capacity;
pub mod deadline;
pub mod entropy;
pub mod error;
pub mod http;
pub mod model;
pub mod partial_batch;
pub mod photos;
pub mod queue;
pub mod resolver;
pub mod response_size;
pub mod table;
pub mod telemetry;
pub mod tls;
