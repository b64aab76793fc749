//! A limit on the processor time of processes. Linux only.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Period after which the kernel renews a cgroup's quota of processor time, in microseconds.
const CGROUP_PERIOD_MICROS: u32 = 20_000;

/// A cgroup, of version 1 or 2, that limits the processor time of processes.
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu> <https://docs.kernel.org/scheduler/sched-bwc.html>
pub struct CpuCgroup {
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

impl CpuCgroup {
    /// Creates a cgroup that can limit processes to `cores` cores. [`CpuCgroup::apply_limit`] sets the limit.
    ///
    /// # Errors
    /// If this process may not create a cgroup of either version with a limit on processor time.
    pub fn create_cgroup(cores: f64) -> Result<Self> {
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
        // If the kernel did not create the limit's file, the folder is no cgroup: `cgroup` is dropped here, which removes
        // the folder.
        let cgroup = Self { folder, version, cores };
        cgroup.folder.join(limit).exists().then_some(cgroup)
    }

    pub(super) fn add_process(&self, process: u32) -> Result<()> {
        write_existing_file(&self.folder.join("cgroup.procs"), &process.to_string())
    }

    /// Removes the limit on processor time.
    ///
    /// # Errors
    /// If the kernel refuses the change.
    pub fn remove_limit(&self) -> Result<()> {
        self.write_quota(None)
    }

    /// Limits the processor time to the number of cores that was passed to [`CpuCgroup::create_cgroup`].
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

impl Drop for CpuCgroup {
    fn drop(&mut self) {
        fs::remove_dir(&self.folder).ok();
    }
}
