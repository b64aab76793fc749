//! The API through its front door: HTTP in, HTTP out, on real DynamoDB semantics.
//!
//! Everything is started by the tests. With `AWS_ENDPOINT_URL_DYNAMODB` set they run on that DynamoDB instead of the
//! embedded one. After each test the whole table is audited: see [`audit`]. A test runs on one thread, which costs
//! less; on several where it sends requests at once or has event sources, so that they meet as they would, and where a fault
//! injector counts trips, which waits until no other worker of the runtime is active.

// A sixth of the tests' time is spent on memory. mimalloc replaces malloc itself: as Rust's global allocator it would be called
// through functions of this crate, which is not optimised.
use mimalloc as _;

mod access;
mod activity;
mod architecture;
mod audit;
mod authorizer;
mod batch;
mod budgets;
mod bulk;
mod cleanup;
mod concurrency;
mod consistency;
mod contract;
mod conventions;
mod dashboard;
mod deliveries;
mod documents;
mod events;
mod export;
mod faults;
mod forms;
mod harness;
mod keys;
mod leads;
mod lists;
mod local_system;
mod log;
mod pages;
mod permissions;
mod photos;
mod receiver;
mod rules;
mod search;
mod teams;
mod webhooks;
