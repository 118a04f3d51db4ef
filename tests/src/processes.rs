//! The process table, to prove what is left of a run.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use rustix::process::{Pid, Signal, kill_process};

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its arguments, the program first.
    pub cmdline: Vec<String>,
    /// Its environment as it was started with, NUL-separated.
    pub environ: Vec<u8>,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let cmdline = fs::read(folder.join("cmdline")).ok().filter(|bytes| !bytes.is_empty())?;
        let cmdline =
            cmdline.split(|b| *b == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        Some(Self { pid, cmdline, environ: fs::read(folder.join("environ")).ok()? })
    }

    /// It names the folder in its arguments or its environment.
    fn belongs_to(&self, root: &str) -> bool {
        let environ = String::from_utf8_lossy(&self.environ);
        self.cmdline.iter().any(|argument| argument.contains(root)) || environ.contains(root)
    }

    /// It is the product's process of that name: `mcp`, `supervise`, `guard`.
    #[must_use]
    pub fn is(&self, role: &str) -> bool {
        self.cmdline.get(1).is_some_and(|argument| argument == role)
    }

    /// Ends it at once.
    pub fn kill(&self) {
        kill(self.pid);
    }

    /// Resident memory now, in bytes; none when it has ended.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        resident(self.pid)
    }
}

/// Every living process of a sandbox, by its folder; zombies and this process are none.
#[must_use]
pub fn of(root: &Path) -> Vec<Process> {
    let root = root.to_string_lossy();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != process::id())
        .filter_map(Process::read)
        .filter(|process| process.belongs_to(&root))
        .collect()
}

/// Ends a process at once, by its id. One that has ended already is no matter.
pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Resident memory of a process, in bytes; none when it has ended.
#[must_use]
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

/// The process is there, and no zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
