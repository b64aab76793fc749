//! The process of a Lambda function: its start, its processor time and memory, and a limit on its processor time. Linux
//! only.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Period after which the kernel renews a cgroup's quota of processor time, in microseconds.
const CGROUP_PERIOD_MICROS: u32 = 20_000;

/// The running process of a Lambda function. The process is killed on drop.
pub struct Process {
    child: Child,
    /// Time just before the process was started.
    pub started: Instant,
}

impl Process {
    /// Starts the binary of a Lambda function, which uses the Runtime API at `api`. `cgroup` limits its processor time.
    ///
    /// # Errors
    /// If the process does not start, or cannot be added to `cgroup`.
    pub fn spawn(
        binary: &Path,
        environment: &HashMap<String, String>,
        api: SocketAddr,
        cgroup: Option<&Cgroup>,
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
        cgroup.map(|cgroup| cgroup.add(process.child.id())).transpose()?;
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

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A cgroup, of version 1 or 2, that limits the processor time of processes.
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu> <https://docs.kernel.org/scheduler/sched-bwc.html>
pub struct Cgroup {
    folder: PathBuf,
    version: CgroupVersion,
    cores: f64,
}

#[derive(Clone, Copy)]
enum CgroupVersion {
    One,
    Two,
}

impl CgroupVersion {
    /// Folder in which cgroups for processor time are created, and the name of a cgroup's file with the limit.
    fn root_and_limit_file(self) -> (&'static Path, &'static str) {
        match self {
            Self::One => (Path::new("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us"),
            Self::Two => (Path::new("/sys/fs/cgroup"), "cpu.max"),
        }
    }
}

impl Cgroup {
    /// Creates a cgroup that can limit processes to `cores` cores. [`Cgroup::apply_limit`] sets the limit.
    ///
    /// # Errors
    /// If this process may not create a cgroup of either version with a limit on processor time.
    pub fn create(cores: f64) -> Result<Self> {
        // Enables the processor controller for new cgroups of version 2, which only root may do.
        write_existing_file(Path::new("/sys/fs/cgroup/cgroup.subtree_control"), "+cpu").ok();
        let cgroup = [CgroupVersion::Two, CgroupVersion::One].into_iter().find_map(|version| Self::of(version, cores));
        let cgroup = cgroup.context("no cgroup with a controller of the processor")?;
        if matches!(cgroup.version, CgroupVersion::One) {
            write_existing_file(&cgroup.folder.join("cpu.cfs_period_us"), &CGROUP_PERIOD_MICROS.to_string())?;
        }
        cgroup.apply_limit()?;
        cgroup.remove_limit()?;
        Ok(cgroup)
    }

    fn of(version: CgroupVersion, cores: f64) -> Option<Self> {
        let (root, limit) = version.root_and_limit_file();
        let folder = root.join(format!("leads-bench-{}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        // Without the file, the folder is not a cgroup. Dropping `cgroup` then removes the folder.
        let cgroup = Self { folder, version, cores };
        cgroup.folder.join(limit).exists().then_some(cgroup)
    }

    fn add(&self, process: u32) -> Result<()> {
        write_existing_file(&self.folder.join("cgroup.procs"), &process.to_string())
    }

    /// Removes the limit on processor time.
    ///
    /// # Errors
    /// If the kernel refuses the change.
    pub fn remove_limit(&self) -> Result<()> {
        self.write_quota(None)
    }

    /// Limits the processor time to the number of cores that was passed to [`Cgroup::create`].
    ///
    /// # Errors
    /// If the kernel refuses the change.
    pub fn apply_limit(&self) -> Result<()> {
        self.write_quota(Some((f64::from(CGROUP_PERIOD_MICROS) * self.cores).round()))
    }

    fn write_quota(&self, quota: Option<f64>) -> Result<()> {
        let limit = match (self.version, quota) {
            (CgroupVersion::One, None) => "-1".to_owned(),
            (CgroupVersion::One, Some(quota)) => quota.to_string(),
            (CgroupVersion::Two, None) => format!("max {CGROUP_PERIOD_MICROS}"),
            (CgroupVersion::Two, Some(quota)) => format!("{quota} {CGROUP_PERIOD_MICROS}"),
        };
        write_existing_file(&self.folder.join(self.version.root_and_limit_file().1), &limit)
    }
}

/// Writes to a file that the kernel has created. Fails if the file does not exist.
fn write_existing_file(file: &Path, text: &str) -> Result<()> {
    let opened = fs::OpenOptions::new().write(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("{}", file.display()))
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        fs::remove_dir(&self.folder).ok();
    }
}

/// Number of processor cores that this process can use. 0 if the number is unknown.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, Into::into)
}
