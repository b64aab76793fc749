//! What every function of the Leads API is built from.
//!
//! | Module | What it is | May import |
//! |---|---|---|
//! | [`model`] | data and rules: no AWS, no HTTP, no clock | nothing |
//! | [`error`] | the one error type | `model` |
//! | [`meter`] | what a request asks of DynamoDB | nothing |
//! | [`deadline`] | how long a request may take | nothing |
//! | [`table`] | DynamoDB: keys, one file an entity, one function an access pattern | `model`, `error`, `meter`, `deadline` |
//! | [`photos`] | S3 | `model`, `error`, `deadline` |
//! | [`http`] | what axum needs once: extractors, the error envelope, `run` | `model`, `error`, `meter`, `deadline`, `telemetry` |
//! | [`aws`] | the clients, built once at cold start | `config`, `meter`, `table`, `photos` |
//! | [`config`] | every environment variable | nothing |
//! | [`telemetry`] | JSON logs and the metrics in them | `config`, `meter` |

pub mod aws;
pub mod config;
pub mod deadline;
pub mod error;
pub mod http;
pub mod meter;
pub mod model;
pub mod photos;
pub mod table;
pub mod telemetry;
