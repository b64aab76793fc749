//! The whole product in one process: the gateway and queues that `template.yaml` declares, every function's real
//! handler, an embedded DynamoDB and an embedded S3. `cargo local` runs it, and the tests use it.

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
pub use contention::Rates;
pub use fault_injector::{Fault, FaultInjector, Traffic};
pub use gateway::{Answer, Gateway};
pub use issuer::{Identity, Issuer};
pub use permissions::{Permission, Usage};
pub use progress::Progress;
pub use queue::Queues;
pub use stack::{Options, Stack};
pub use template::{Route, Template};
