//! Runs a function's binary as Lambda does: in a process of its own, with a Runtime API of its own. Benches use it.

mod cgroup;
mod process;
mod runtime_api;

pub use cgroup::CpuCgroup;
pub use process::{LambdaProcess, available_cores};
pub use runtime_api::RuntimeApi;
