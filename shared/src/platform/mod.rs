//! The platform layer: Lambda, AWS services, the network, configuration and logs. This layer does not depend on the
//! layers `api` and `store`.
//!
//! | Module | Content |
//! |---|---|
//! | [`aws`] | the AWS clients, built once at cold start |
//! | [`config`] | all environment variables |
//! | [`deadline`] | the deadline of a request, or of an invocation |
//! | `backoff` | pauses between the tries of a request |
//! | [`consumed_capacity`] | the cost of an API request in DynamoDB: round trips, capacity units, retries |
//! | [`photos`] | the S3 bucket of photos |
//! | [`queue`] | sending messages to SQS queues |
//! | [`response_size`] | the maximum size of a response body |
//! | [`telemetry`] | the log, as JSON lines |
//! | [`resolver`] | DNS resolution of webhooks' host names |
//! | [`tls`] | TLS to servers other than AWS |
//! | [`entropy`] | unpredictable random bytes |

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
