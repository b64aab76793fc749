//! Tests of the API from outside: HTTP request in, HTTP response out, on an embedded DynamoDB or the one that
//! `AWS_ENDPOINT_URL_DYNAMODB` names. After most tests the whole table is audited: see [`audit`].

// The tests spend a sixth of their time on memory allocation. The feature `override` of mimalloc replaces `malloc`
// itself. As Rust's global allocator, mimalloc would be called through functions of this crate, which is not optimised.
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
mod external_ids;
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
mod views;
mod webhooks;
