//! Process trees on Linux, read from `/proc`.
//!
//! Claude Code gives each of its Bash children a session and group of its own, so neither a group nor a
//! session is the tree. What is: everything under a process, where orphans are handed to the nearest
//! ancestor that adopts them (`prctl(2)`, `PR_SET_CHILD_SUBREAPER`).

use std::{
    collections::HashMap,
    fs,
    io::{self, Read as _},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, getpid, getppid, kill_process, pidfd_open, pidfd_send_signal,
        set_child_subreaper, wait,
    },
};

use super::{Ask, Process, Tree};

/// Most of an environment that is searched for the mark; the kernel caps one string at 128 KiB.
const MAX_ENVIRONMENT: u64 = 4 << 20;

/// From now on orphans below this process become its children.
pub(crate) fn adopt_orphans() {
    // Any process id means yes. Kernels since 3.4 know it.
    let _ = set_child_subreaper(Some(getpid()));
}

/// Collects children that have ended and that nobody waits for.
pub(crate) fn reap_orphans() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// Everything alive under the tree's root, not the root itself.
pub(crate) fn members(tree: Tree) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for (process, parent) in all() {
        children.entry(parent).or_default().push(process);
    }
    let (mut found, mut next) = (Vec::new(), vec![tree.root]);
    while let Some(parent) = next.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        next.extend(below.iter().map(|process| process.pid));
        found.extend(below);
    }
    found
}

/// Every process of this user, but this one, whose environment holds exactly that value.
pub(crate) fn marked(name: &str, value: &str) -> Vec<Process> {
    let mark = format!("{name}={value}");
    let own = std::process::id();
    all().map(|(process, _)| process).filter(|p| p.pid != own && carries(p.pid, mark.as_bytes())).collect()
}

fn carries(pid: u32, mark: &[u8]) -> bool {
    let mut environment = Vec::new();
    let read = fs::File::open(format!("/proc/{pid}/environ"))
        .and_then(|file| file.take(MAX_ENVIRONMENT).read_to_end(&mut environment));
    read.is_ok() && environment.split(|byte| *byte == 0).any(|entry| entry == mark)
}

/// Signals exactly that process: the number is bound to a process first, and its start compared after.
pub(crate) fn send(process: &Process, ask: Ask) {
    let signal = match ask {
        Ask::Terminate => Signal::TERM,
        Ask::Kill => Signal::KILL,
    };
    let Some(pid) = pid(process.pid) else { return };
    let handle = pidfd_open(pid, PidfdFlags::empty());
    if stat(process.pid).is_none_or(|(now, _)| now.started != process.started) {
        return;
    }
    // A process that ended meanwhile is what was asked for.
    let _ = match handle {
        Ok(handle) => pidfd_send_signal(handle, signal),
        Err(_) => kill_process(pid, signal),
    };
}

/// Returns once the parent has ended, at once if it already has.
pub(crate) fn wait_for_end_of(parent: u32) {
    let still_there = || getppid().is_some_and(|now| now.as_raw_nonzero().get().cast_unsigned() == parent);
    let handle = pid(parent).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    while still_there() {
        match &handle {
            // Readable when the process has ended.
            Some(handle) => drop(poll(&mut [PollFd::new(handle, PollFlags::IN)], None)),
            // A kernel before 5.3.
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn pid(raw: u32) -> Option<Pid> {
    i32::try_from(raw).ok().and_then(Pid::from_raw)
}

/// Every living process and its parent.
fn all() -> impl Iterator<Item = (Process, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(stat)
}

/// `/proc/PID/stat` (proc(5)): the name is in parentheses and may itself hold any character; then state,
/// parent, and as the twentieth field after the name the start time.
fn stat(pid: u32) -> Option<(Process, u32)> {
    let text = read_stat(pid).ok()?;
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let process = Process { pid, started: fields.get(19)?.parse().ok()?, name: name.into() };
    Some((process, fields.get(1)?.parse().ok()?))
}

fn read_stat(pid: u32) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(format!("/proc/{pid}/stat"))?.take(4096).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_found_below_us_and_ends_when_asked() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        let tree = Tree { root: std::process::id(), worker: None };
        let found = members(tree).into_iter().find(|p| p.pid == child.id()).unwrap();
        send(&found, Ask::Kill);
        assert_eq!(super::super::exit_code(child.wait().unwrap()), 137);
        assert!(stat(found.pid).is_none_or(|(now, _)| now != found));
    }

    #[test]
    fn a_process_that_only_has_the_same_number_is_left_alone() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let (real, _) = stat(child.id()).unwrap();
        send(&Process { started: real.started + 1, ..real.clone() }, Ask::Kill);
        assert_eq!(stat(child.id()).unwrap().0.started, real.started);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_mark_is_matched_whole() {
        let mut child = Command::new("sleep").arg("600").env("CC_TEST_MARK", "abc").spawn().unwrap();
        // Until exec is done the child still shows our environment.
        while !carries(child.id(), b"CC_TEST_MARK=abc") {
            thread::yield_now();
        }
        let pids = |value: &str| marked("CC_TEST_MARK", value).iter().map(|p| p.pid).collect::<Vec<_>>();
        assert_eq!(pids("abc"), [child.id()]);
        assert_eq!(pids("ab"), [0; 0]);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
