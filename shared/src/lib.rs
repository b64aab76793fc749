//! The library that every function of the Leads API is built from.
//!
//! | Layer | What it is | May import |
//! |---|---|---|
//! | [`domain`] | the data types and rules of leads, teams, forms and webhooks; uses no AWS and no clock | nothing |
//! | [`platform`] | configuration, AWS clients, deadlines, logs | `domain` |
//! | [`store`] | the DynamoDB table: keys, a file for each entity, a function for each access pattern | `domain`, `platform` |
//! | [`api`] | HTTP: reading of bodies and queries, responses, the error envelope, and `serve_lambda`, which serves a function's routes | `domain`, `platform`, `store` |
//!
//! The test `imports_between_layers_go_one_way` asserts the column `May import`.
//!
//! # Glossary
//!
//! | Term | Meaning |
//! |---|---|
//! | team | the tenant; every primary key starts with `T#` and its id |
//! | actor | the caller of a write: team, user, and the API key or form that acts for the user |
//! | tombstone | the item that stands for a deleted lead until the clean-up has removed everything else of the lead |
//! | counter | the number of leads that have something in common, such as a status; it is stored as copies |
//! | copy | one of the items of which a counter consists; a write adds to one of eight at random, and a reader sums all; counters by day or by group have up to eight for each generation |
//! | shard | the number of a copy, 0 to 7 |
//! | generation | the day of the write, as part of the key of a copy of a counter by day or by group; when the day is over, its copies are rolled up |
//! | reference | a status or a business, to which leads refer by id |
//! | retired | of a status or business: deleted, so that no lead may be given it |
//! | state | whether a lead is active or inactive; independent of its status and of the archived flag |
//! | activity | the log entries and comments of a lead |
//! | rollup | the copies of many counters, merged into a few items |
//! | guard | the counter that must show that no lead has a status or business before it can be deleted |
//! | outbox | the log entries and tombstones that DynamoDB Streams carries to the publisher |
//! | feed | a team's events in the order in which they were published |
//! | delivery, job | a delivery is the record of an event on its way to a webhook; a job is its message in a queue |
//! | promote | copy an uploaded photo from `uploads/` to `photos/` in S3 |
//! | slice | one of sixteen parts of a team's rollups; a rollup that runs out of time continues at the next slice |
//! | scrub | remove the personal data of a deleted lead from its events in the feed |
//! | trip | a round trip to DynamoDB; concurrent requests count as one |

pub mod api;
pub mod domain;
pub mod platform;
pub mod store;
