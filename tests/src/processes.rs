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
    send(pid, Signal::KILL);
}

/// Asks a process to end, as a system that shuts down does.
pub fn terminate(pid: u32) {
    send(pid, Signal::TERM);
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Resident memory of a process, in bytes; none when it has ended.
#[must_use]
pub fn resident(pid: u32) -> Option<u64> {
    bytes_of(pid, "status", "VmRSS:")
}

/// The most that it ever was.
#[must_use]
pub fn peak(pid: u32) -> Option<u64> {
    bytes_of(pid, "status", "VmHWM:")
}

/// Memory of its own and its share of what it has in common with others, in bytes: what a further process costs.
#[must_use]
pub fn proportional(pid: u32) -> Option<u64> {
    bytes_of(pid, "smaps_rollup", "Pss:")
}

fn bytes_of(pid: u32, file: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

/// Processor time that a process has used, in seconds; none when it has ended.
#[must_use]
pub fn processor_seconds(pid: u32) -> Option<f64> {
    // proc(5): after the name in parentheses the fields count from 3; user and system time are 14 and 15.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u32 = fields.get(11..13)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
    Some(f64::from(ticks) / f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).ok()?))
}

/// The process is there, and no zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
