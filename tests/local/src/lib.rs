//! Runs the whole product in one process: the API Gateway and queues that `template.yaml` declares, the real handler of
//! every function, and embedded servers of DynamoDB and S3. `cargo local` and the tests use this crate.

mod clock;
mod contention;
pub mod costs;
mod demo;
pub mod examples;
mod fault_injector;
mod functions;
mod gateway;
mod identity;
mod issuer;
pub mod lambda;
pub mod large_teams;
mod lineage;
mod oauth;
mod permissions;
mod progress;
mod queue;
mod stack;
mod storage;
mod stream;
mod template;

pub use clock::SimulatedClock;
pub use contention::FaultRates;
pub use fault_injector::{CountedTraffic, Fault, FaultInjector};
pub use gateway::{Gateway, GatewayResponse};
pub use identity::TokenIdentity;
pub use issuer::TokenIssuer;
pub use permissions::{Permission, UsedPermissions};
pub use progress::ProgressBar;
pub use queue::LocalQueues;
pub use stack::{LocalStack, StackOptions};
pub use template::{ApiRoute, SamTemplate};
