//! What the program runs on: Lambda, AWS, the network. It knows nothing of HTTP requests to the API.
//!
//! | Module | What it is |
//! |---|---|
//! | [`aws`] | the AWS clients, built once at cold start |
//! | [`config`] | every environment variable |
//! | [`deadline`] | the deadline of a request, or of an invocation |
//! | `backoff` | pauses between tries |
//! | [`consumed_capacity`] | counts DynamoDB calls and units of a request |
//! | [`photos`] | S3 |
//! | [`queue`] | SQS |
//! | [`response_size`] | limits on the size of answers |
//! | [`telemetry`] | JSON logs |
//! | [`resolver`] | resolution of host names |
//! | [`tls`] | TLS to servers other than AWS |
//! | [`entropy`] | unpredictable bytes |

pub mod aws;
pub(crate) mod backoff;
pub mod config;
pub mod consumed_capacity;
pub mod deadline;
pub mod entropy;
pub mod photos;
pub mod queue;
pub mod resolver;
pub mod response_size;
pub mod telemetry;
pub mod tls;
