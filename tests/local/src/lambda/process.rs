//! A function's process, and its use of processor and memory. Linux only.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// The period of a cgroup's limit, in microseconds.
const CGROUP_PERIOD_MICROS: u32 = 20_000;

/// A function's process. It is killed when it is dropped.
pub struct Process {
    child: Child,
    /// Time just before the process was started.
    pub started: Instant,
}

impl Process {
    /// Starts `binary` as a function with the Runtime API at `api`, limited by `cgroup`.
    ///
    /// # Errors
    /// When it does not start.
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

    /// Processor time that all its threads have used. <https://docs.kernel.org/scheduler/sched-stats.html>
    ///
    /// # Errors
    /// On systems without `/proc`.
    pub fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Peak resident memory, in MiB.
    ///
    /// # Errors
    /// On systems without `/proc`.
    pub fn peak_mib(&self) -> Result<f64> {
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

/// A limit on processor time, by cgroups of either version. <https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu>
/// <https://docs.kernel.org/scheduler/sched-bwc.html>
pub struct Cgroup {
    folder: PathBuf,
    version: Version,
    cores: f64,
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl Version {
    /// Folder of the processor controller's groups, and the name of the file with the limit.
    fn paths(self) -> (&'static Path, &'static str) {
        match self {
            Self::One => (Path::new("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us"),
            Self::Two => (Path::new("/sys/fs/cgroup"), "cpu.max"),
        }
    }
}

impl Cgroup {
    /// A group with a limit of this many cores, which is not set yet.
    ///
    /// # Errors
    /// When neither version lets this process limit another one.
    pub fn create(cores: f64) -> Result<Self> {
        // Root may delegate the controller where it is not delegated yet.
        write(Path::new("/sys/fs/cgroup/cgroup.subtree_control"), "+cpu").ok();
        let cgroup = [Version::Two, Version::One].into_iter().find_map(|version| Self::of(version, cores));
        let cgroup = cgroup.context("no cgroup with a controller of the processor")?;
        if matches!(cgroup.version, Version::One) {
            write(&cgroup.folder.join("cpu.cfs_period_us"), &CGROUP_PERIOD_MICROS.to_string())?;
        }
        cgroup.limited()?;
        cgroup.unlimited()?;
        Ok(cgroup)
    }

    fn of(version: Version, cores: f64) -> Option<Self> {
        let (root, limit) = version.paths();
        let folder = root.join(format!("leads-bench-{}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        // On drop the folder is removed. If the kernel creates no files in it, it is a plain folder.
        let cgroup = Self { folder, version, cores };
        cgroup.folder.join(limit).exists().then_some(cgroup)
    }

    fn add(&self, process: u32) -> Result<()> {
        write(&self.folder.join("cgroup.procs"), &process.to_string())
    }

    /// Lifts the limit.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn unlimited(&self) -> Result<()> {
        self.limit(None)
    }

    /// Sets the limit.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn limited(&self) -> Result<()> {
        self.limit(Some((f64::from(CGROUP_PERIOD_MICROS) * self.cores).round()))
    }

    fn limit(&self, quota: Option<f64>) -> Result<()> {
        let limit = match (self.version, quota) {
            (Version::One, None) => "-1".to_owned(),
            (Version::One, Some(quota)) => quota.to_string(),
            (Version::Two, None) => format!("max {CGROUP_PERIOD_MICROS}"),
            (Version::Two, Some(quota)) => format!("{quota} {CGROUP_PERIOD_MICROS}"),
        };
        write(&self.folder.join(self.version.paths().1), &limit)
    }
}

/// Writes to a file that the kernel has created, and creates none.
fn write(file: &Path, text: &str) -> Result<()> {
    let opened = fs::OpenOptions::new().write(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("{}", file.display()))
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        fs::remove_dir(&self.folder).ok();
    }
}

/// Number of cores that a process can use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, Into::into)
}
