//! The guard: a process between supervisor and worker that does nothing but wait.
//!
//! It ends everything under itself when the worker has ended, and when the supervisor has. Should the guard
//! be killed, its children fall to the supervisor, which does the same; should both be, the run is lost and
//! whoever finds it so ends what carries its mark.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode},
    thread,
};

use crate::{Sandbox, os, private, protocol::GuardHello, tree::end_all};

/// As a shell reports a program that could not be started.
const NOT_STARTED: u8 = 127;
/// As a shell reports a process that was killed.
const KILLED: i32 = 137;

/// What a guard is told, on its command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Job {
    /// The supervisor.
    parent: u32,
    /// Private files to remove at the end.
    remove: Vec<PathBuf>,
    /// Where the worker may write; none: wherever its user may.
    sandbox: Option<Sandbox>,
    /// The worker's program and arguments.
    worker: Vec<OsString>,
}

/// Arguments for a guard, after the word that selects this entry.
pub(crate) fn arguments(
    remove: &[PathBuf],
    sandbox: Option<&Sandbox>,
    program: &Path,
    args: &[String],
) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["--parent".into(), std::process::id().to_string().into()];
    if let Some(sandbox) = sandbox.and_then(|sandbox| serde_json::to_string(sandbox).ok()) {
        all.extend(["--sandbox".into(), sandbox.into()]);
    }
    all.extend(remove.iter().flat_map(|path| [OsString::from("--remove"), path.into()]));
    all.push("--".into());
    all.push(program.into());
    all.extend(args.iter().map(OsString::from));
    all
}

impl Job {
    fn parse(args: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut args = args.into_iter();
        let mut job = Self::default();
        loop {
            match args.next()?.to_str()? {
                "--parent" => job.parent = args.next()?.to_str()?.parse().ok()?,
                "--remove" => job.remove.push(args.next()?.into()),
                "--sandbox" => job.sandbox = Some(serde_json::from_str(args.next()?.to_str()?).ok()?),
                "--" => break,
                _ => return None,
            }
        }
        job.worker = args.collect();
        (!job.worker.is_empty()).then_some(job)
    }
}

/// The guard's entry. `args` are those after the word that selects it.
///
/// Exits with the worker's code (128 and the signal's number when one ended it), or 127 when the worker
/// could not be started.
pub fn guard(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Some(job) = Job::parse(args) else { return ExitCode::from(2) };
    os::adopt_orphans();
    let worker = match start(&job) {
        Ok(worker) => worker,
        Err(e) => {
            let program = Path::new(&job.worker[0]).display();
            say(&GuardHello::Failed { error: format!("cannot start {program}: {e}") });
            return ExitCode::from(NOT_STARTED);
        }
    };
    say(&GuardHello::Started { pid: worker.id(), sandboxed: job.sandbox.is_some() });
    let tree = os::Tree { root: std::process::id(), worker: Some(worker.id()) };
    watch_supervisor(job.parent, job.remove, tree);
    os::give_back_pages();
    let code = os::wait_for_worker(worker);
    end_all(|| os::members(tree));
    // The code of an `ExitCode` is a byte; Windows knows larger ones.
    std::process::exit(code)
}

fn start(job: &Job) -> io::Result<Child> {
    let mut command = Command::new(&job.worker[0]);
    os::isolate(command.args(&job.worker[1..]));
    let Some(sandbox) = &job.sandbox else { return command.spawn() };
    // Only the thread that starts the worker is restricted, and with it the worker: what the guard itself has to
    // remove at the end may be anywhere.
    let start = || os::restrict(sandbox).and_then(|()| command.spawn());
    let broke_off = |_| Err(io::Error::other("the thread that starts it broke off"));
    thread::scope(|threads| threads.spawn(start).join().unwrap_or_else(broke_off))
}

/// Ends all when the supervisor is gone. Started after the worker, so that no worker is missed.
fn watch_supervisor(parent: u32, remove: Vec<PathBuf>, tree: os::Tree) {
    thread::spawn(move || {
        os::wait_for_end_of(parent);
        // First: once the worker is gone, the other thread ends this process.
        private::remove(remove.iter().map(PathBuf::as_path));
        end_all(|| os::members(tree));
        std::process::exit(KILLED)
    });
}

/// Nobody is there to be told when it fails.
fn say(hello: &GuardHello) {
    if let Ok(line) = serde_json::to_string(hello) {
        // The worker runs already and writes to the same pipe. One write keeps this line whole, and the line end
        // before it closes a line that the worker has begun.
        let _ = io::stdout().write_all(format!("\n{line}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_supervisor_says_a_guard_understands() {
        let sandbox = Sandbox { writable: vec!["/p/a b".into()] };
        let args = arguments(
            &["/run/a b.json".into()],
            Some(&sandbox),
            Path::new("/opt/claude"),
            &["-p".into(), "--".into()],
        );
        let job = Job::parse(args).unwrap();
        assert_eq!(job.parent, std::process::id());
        assert_eq!(job.sandbox, Some(sandbox));
        assert_eq!(job.remove, [PathBuf::from("/run/a b.json")]);
        assert_eq!(job.worker, ["/opt/claude", "-p", "--"]);
    }

    #[test]
    fn a_guard_without_a_worker_is_no_guard() {
        assert_eq!(Job::parse(["--parent", "1", "--"].map(OsString::from)), None);
        assert_eq!(Job::parse(["--parent"].map(OsString::from)), None);
    }
}
