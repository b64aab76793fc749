//! The library that every function of the Leads API is built from.
//!
//! | Floor | What it is | May import |
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
//! | team | the tenant; every key starts with its id |
//! | actor | the caller of a write: team, user, and the API key or form that acts for the user |
//! | tombstone | the item of a deleted lead, until the clean-up has removed everything else of it |
//! | counter, copy, shard | a counter counts leads that have something in common; it has eight copies (numbered by shard), and a write adds to any of them |
//! | generation | the day of the write that copies of counters by day and by group carry, eight of each day; when it is over, they are rolled up |
//! | rollup | copies of many counters, merged into a few items |
//! | guard | the counter by which the deletion of a status or business checks that no lead has it |
//! | outbox | log entries and tombstones, which the table's stream carries to the publisher |
//! | feed | a team's events in the order in which they became known |
//! | delivery, job | a delivery is the record of an event on its way to a webhook; a job is its message in a queue |
//! | promote | copy an upload's object to where photos of leads are |
//! | trip | a round trip to DynamoDB; concurrent requests are one |

pub mod api;
pub mod domain;
pub mod platform;
pub mod store;
