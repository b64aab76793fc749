//! Runs a function's binary as Lambda does: in a process of its own, with a Runtime API of its own. Benches use it.

mod process;
mod runtime_api;

pub use process::{Cgroup, Process, cores};
pub use runtime_api::RuntimeApi;
