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
mod issuer;
pub mod lambda;
mod lineage;
mod oauth;
mod permissions;
mod progress;
mod queue;
mod stack;
mod storage;
mod stream;
pub mod teams;
mod template;

pub use clock::Clock;
pub use contention::FaultRates;
pub use fault_injector::{Fault, FaultInjector, Traffic};
pub use gateway::{Gateway, GatewayResponse};
pub use issuer::{Identity, Issuer};
pub use permissions::{Permission, UsedPermissions};
pub use progress::Progress;
pub use queue::Queues;
pub use stack::{Options, Stack};
pub use template::{Route, Template};
