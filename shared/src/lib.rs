//! What every function of the Leads API is built from.
//!
//! | Module | What it is | May import |
//! |---|---|---|
//! | [`model`] | data and rules: no AWS, no HTTP, no clock | `error` |
//! | [`error`] | the one error type | `model` |
//! | [`table`] | DynamoDB: keys, one file an entity, one function an access pattern | `model`, `error` |
//! | [`photos`] | S3 | `model`, `error` |
//! | [`http`] | what axum needs once: extractors, the error envelope, `run` | `model`, `error`, `telemetry` |
//! | [`aws`] | the clients, built once at cold start | `config`, `table`, `photos` |
//! | [`config`] | every environment variable | nothing |
//! | [`telemetry`] | JSON logs | nothing |

pub mod aws;
pub mod config;
pub mod error;
pub mod http;
pub mod model;
pub mod photos;
pub mod table;
pub mod telemetry;
