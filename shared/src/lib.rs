//! What every function of the Leads API is built from.
//!
//! | Module | What it is | May import |
//! |---|---|---|
//! | [`model`] | data and rules: no AWS, no HTTP, no clock | nothing |
//! | [`error`] | the one error type | `model` |
//! | [`meter`] | what a request asks of DynamoDB | nothing |
//! | [`deadline`] | how long a request may take | nothing |
//! | [`batch_response`] | what of a batch is to come again | nothing |
//! | [`payload`] | how much is answered | nothing |
//! | [`random`] | bytes that nobody can guess | `error` |
//! | `backoff` | pauses between tries | `meter`, `deadline` |
//! | [`table`] | DynamoDB: keys, one file an entity, one function an access pattern | `model`, `error`, `meter`, `deadline`, `payload`, `random`, `backoff`, `telemetry` |
//! | [`queue`] | SQS | `model`, `error`, `deadline`, `backoff`, `config` |
//! | [`photos`] | S3 | `model`, `error`, `deadline` |
//! | [`resolver`] | names of hosts | nothing |
//! | [`http`] | what axum needs once: extractors, the error envelope, `run` | `model`, `error`, `meter`, `deadline`, `payload`, `telemetry` |
//! | [`aws`] | the clients, built once at cold start | `config`, `meter`, `table`, `photos`, `queue` |
//! | [`config`] | every environment variable | `model` |
//! | [`telemetry`] | JSON logs and the metrics in them | `config`, `meter` |
//! | [`tls`] | TLS to servers that are not AWS's | nothing |

pub mod aws;
mod backoff;
pub mod batch_response;
pub mod config;
pub mod deadline;
pub mod error;
pub mod http;
pub mod meter;
pub mod model;
pub mod payload;
pub mod photos;
pub mod queue;
pub mod random;
pub mod resolver;
pub mod table;
pub mod telemetry;
pub mod tls;
