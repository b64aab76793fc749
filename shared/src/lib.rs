//! The library that every function of the Leads API is built from.
//!
//! | Layer | What it is | May import |
//! |---|---|---|
//! | [`domain`] | what a lead, a team, a form or a webhook is, and its rules: no AWS, no clock | nothing |
//! | [`platform`] | configuration, AWS clients, deadlines, logs: what the program runs on | `domain` |
//! | [`store`] | DynamoDB: keys, a file for each entity, a function for each access pattern | `domain`, `platform` |
//! | [`api`] | what is on the wire: readers of bodies and queries, answers, the error envelope, `run` | `domain`, `platform`, `store` |
//!
//! A test asserts this table.
//!
//! # Glossary
//!
//! | Term | Meaning |
//! |---|---|
//! | team | the tenant; every primary key starts with `T#` and its id |
//! | actor | the caller of a write: team, user, and the API key or form that acts for the user |
//! | tombstone | the item of a deleted lead, until the clean-up has removed everything else of it |
//! | counter, copy, shard | a counter counts leads that have something in common; it is stored as up to eight items (copies, numbered by shard), or eight for each generation; a write adds to one of them at random, and a reader sums them |
//! | generation | the day of the write, in the key of a copy of a counter by day or by group; when the day is over, its copies are rolled up |
//! | reference | a status or a business, which leads refer to by id; a retired one was deleted, so that no lead may be given it |
//! | rollup | copies of many counters, merged into a few items |
//! | guard | the counter that the deletion of a status or business checks, to be sure that no lead has it |
//! | outbox | log entries and tombstones, which DynamoDB Streams carries to the publisher |
//! | feed | a team's events in the order in which they were published |
//! | delivery, job | a delivery is the record of an event on its way to a webhook; a job is its message in a queue |
//! | promote | copy an uploaded object from `uploads/` to `photos/` |
//! | slice | one of sixteen parts of a team's rollups, written one after another |
//! | scrub | remove the personal data of a deleted lead from its events in the feed |
//! | trip | a round trip to DynamoDB; concurrent requests are one |

pub mod api;
pub mod domain;
pub mod platform;
pub mod store;
