//! Process trees on other Unix systems: the worker's process group.
//!
//! There is no adoption of orphans and no `/proc` here. A worker leads a group of its own, and ends its own
//! Bash children when it is asked to end; one that is killed may leave those that made a session of their own.

use std::{thread, time::Duration};

use rustix::process::{Pid, Signal, WaitOptions, getppid, kill_process_group, test_kill_process_group, wait};

use super::{Ask, Process, Tree};

/// Orphans go to the system's first process here.
pub(crate) fn adopt_orphans() {}

/// Collects children that have ended and that nobody waits for.
pub(crate) fn reap_orphans() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// The worker's group, when anything of it is alive.
pub(crate) fn members(tree: Tree) -> Vec<Process> {
    let leads = |worker: &u32| pid(*worker).is_some_and(|leader| test_kill_process_group(leader).is_ok());
    let group = |worker| Process { pid: worker, started: 0, name: "process group".into() };
    tree.worker.filter(leads).map(group).into_iter().collect()
}

/// Other processes' environments cannot be read here.
pub(crate) fn marked(_name: &str, _value: &str) -> Vec<Process> {
    Vec::new()
}

/// Signals a group.
pub(crate) fn send(process: &Process, ask: Ask) {
    let signal = match ask {
        Ask::Terminate => Signal::TERM,
        Ask::Kill => Signal::KILL,
    };
    if let Some(leader) = pid(process.pid) {
        let _ = kill_process_group(leader, signal);
    }
}

/// Returns once the parent has ended.
pub(crate) fn wait_for_end_of(parent: u32) {
    while getppid().is_some_and(|now| now.as_raw_nonzero().get().cast_unsigned() == parent) {
        thread::sleep(Duration::from_millis(200));
    }
}

fn pid(raw: u32) -> Option<Pid> {
    i32::try_from(raw).ok().and_then(Pid::from_raw)
}
