//! The process of a Lambda function: its start, its processor time and its memory. Linux only.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::cgroup::CpuCgroup;

/// The running process of a Lambda function. The process is killed on drop.
pub struct LambdaProcess {
    child: Child,
    /// Time just before the process was started.
    pub started: Instant,
}

impl LambdaProcess {
    /// Starts the binary of a Lambda function, which uses the Runtime API at `api`. `cgroup` limits its processor time.
    ///
    /// # Errors
    /// If the process does not start, or cannot be added to `cgroup`.
    pub fn spawn_function_process(
        binary: &Path,
        environment: &HashMap<String, String>,
        api: SocketAddr,
        cgroup: Option<&CpuCgroup>,
    ) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{}", binary.display()))?;
        let process = Self { child, started };
        cgroup.map(|cgroup| cgroup.add_process(process.child.id())).transpose()?;
        Ok(process)
    }

    /// Processor time that all threads of the process have used. <https://docs.kernel.org/scheduler/sched-stats.html>
    ///
    /// # Errors
    /// On systems without `/proc`.
    pub fn cpu_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Peak resident memory of the process, in MiB.
    ///
    /// # Errors
    /// On systems without `/proc`.
    pub fn peak_memory_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.context("no VmHWM")?.trim().parse::<f64>()? / 1024.0)
    }
}

impl Drop for LambdaProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Number of processor cores that this process can use. 0 if the number is unknown.
pub fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(0, Into::into)
}
