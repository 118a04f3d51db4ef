//! Ending every process of a set.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::os::{Ask, Process, reap_orphans, send};

/// How long a killed process may take to go; only one that is stuck in the kernel takes longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks: nobody tells us of the end of a process that is not our child.
const PAUSE: Duration = Duration::from_millis(5);

/// Kills what `alive` lists until it lists nothing, and gives what would not go. Listed anew each time, so
/// that a process started meanwhile does not get away.
pub(crate) fn end_all(alive: impl Fn() -> Vec<Process>) -> Vec<Process> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        reap_orphans();
        let left = alive();
        if left.is_empty() || Instant::now() > give_up {
            return left;
        }
        left.iter().for_each(|process| send(process, Ask::Kill));
        thread::sleep(PAUSE);
    }
}

/// Survivors, for people.
pub(crate) fn names(processes: &[Process]) -> String {
    processes.iter().map(|p| format!("{} ({})", p.pid, p.name)).collect::<Vec<_>>().join(", ")
}
