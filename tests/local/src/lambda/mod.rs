//! A function's binary, run as Lambda runs it: a process of its own behind a Runtime API of its own. Benches measure it.

mod process;
mod runtime_api;

pub use process::{Cgroup, Process, cores};
pub use runtime_api::RuntimeApi;
