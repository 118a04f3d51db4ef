//! The supervisor: the one process that answers for a run.

mod archive;
mod attempts;
mod books;
mod desk;
mod ladder;
mod limits;
mod meter;
mod outcome;
mod printed;
mod project;
mod questions;
mod recorder;
mod sentry;
mod session;
mod signal;
mod spend;

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_domain::{Prevention, RunStatus, SecretRule};
use cc_secrets::Redactor;
use cc_store::{Home, RunLock, RunWriter, Store, read_bounded};
use jiff::Timestamp;

use self::{limits::Limits, outcome::Outcome, printed::Printed, recorder::Recorder};
pub use self::{limits::LimitsFile, printed::Judging};
use crate::{LaunchSpec, WorkerError, os, private, protocol::Handshake, tree};

/// Longest launch specification, bytes; it holds the whole task.
const MAX_SPEC: u64 = 64 << 20;
/// Largest file of secret rules, bytes.
const MAX_RULES: u64 = 16 << 20;

/// The supervisor's entry: takes a [`LaunchSpec`] from standard input, says on standard output that it has
/// taken the run over, and ends the run exactly once. `limits` is where the user's are.
pub fn supervise(limits: LimitsFile) -> ExitCode {
    os::detach();
    os::adopt_orphans();
    match take_over() {
        Ok((spec, store, writer)) => {
            say(&Handshake::TakenOver { pid: std::process::id() });
            run(&spec, &store, Recorder::new(writer, Limits::of(&spec.home, limits)))
        }
        Err(e) => {
            say(&Handshake::Refused { reason: e.to_string() });
            ExitCode::FAILURE
        }
    }
}

fn take_over() -> Result<(LaunchSpec, Store, RunWriter), WorkerError> {
    let spec = read_spec()?;
    let store = Store::open(&Home::at(&spec.home))?;
    store.keep_small()?;
    let dir = spec.dir();
    let writer = RunWriter::open(dir.clone(), RunLock::acquire(&dir)?)?;
    Ok((spec, store, writer))
}

fn read_spec() -> Result<LaunchSpec, WorkerError> {
    let malformed =
        |reason: String| WorkerError::Malformed { what: "the launch specification".into(), reason };
    let mut bytes = Vec::new();
    io::stdin().take(MAX_SPEC).read_to_end(&mut bytes).map_err(|e| malformed(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| malformed(e.to_string()))
}

/// The launcher may be gone already; the run goes on all the same.
fn say(handshake: &Handshake) {
    if let Ok(line) = serde_json::to_string(handshake) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}

fn run(spec: &LaunchSpec, store: &Store, mut recorder: Recorder) -> ExitCode {
    let outcome = in_project(spec, store, &mut recorder).unwrap_or_else(|e| Outcome::not_run(e.to_string()));
    match end(store, &mut recorder, outcome) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            tracing::error!(run = %spec.run_id, "the run's end could not be recorded: {e}");
            ExitCode::FAILURE
        }
    }
}

/// The worker from its beginning to the end of all its processes, and what that did to the project.
fn in_project(spec: &LaunchSpec, store: &Store, recorder: &mut Recorder) -> Result<Outcome, WorkerError> {
    let project = match &spec.project {
        Some(watch) => project::before(watch, &spec.run_id, store, recorder)?,
        None => None,
    };
    if let Some(project) = &project {
        project.watch(recorder);
    }
    let outcome = work(spec, store, recorder).unwrap_or_else(|e| Outcome::not_run(e.to_string()));
    let mut outcome = clean_up(spec, outcome);
    if let Err(error) = printed::record(spec, store, recorder) {
        outcome.note(format!("what secrets it printed could not be recorded: {error}"));
    }
    if let Some(Err(error)) = project.map(|project| project.after(store, recorder)) {
        outcome.note(format!("what it did to the project could not be recorded: {error}"));
    }
    Ok(outcome)
}

/// Everything up to the worker's end. An error means that no worker ran or that its end is not known.
fn work(spec: &LaunchSpec, store: &Store, recorder: &mut Recorder) -> Result<Outcome, WorkerError> {
    let rules = read_rules(&spec.rules_file)?;
    let further = spec.alternatives.iter().flat_map(|next| next.secrets.iter());
    let secrets: Vec<String> = spec.secrets.iter().chain(further).cloned().collect();
    let redactor = Redactor::new(&rules, secrets.clone()).map_err(|e| WorkerError::Malformed {
        what: format!("the secret rules in {}", spec.rules_file.display()),
        reason: e.to_string(),
    })?;
    drop(rules);
    recorder.start(redactor, Printed::new(spec, secrets))?;
    spec.private_files.iter().try_for_each(private::write)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(WorkerError::io("start the event loop for", &spec.run_dir))?;
    runtime.block_on(attempts::run(spec, store, recorder))
}

fn read_rules(path: &Path) -> Result<Vec<SecretRule>, WorkerError> {
    let bytes = read_bounded(path, MAX_RULES)?;
    serde_json::from_slice(&bytes).map_err(|e| WorkerError::Malformed {
        what: format!("the secret rules in {}", path.display()),
        reason: e.to_string(),
    })
}

/// Nothing of a run outlasts it: neither a process nor a file with a key.
fn clean_up(spec: &LaunchSpec, mut outcome: Outcome) -> Outcome {
    let survivors = tree::end_all(|| os::members(outcome.tree()));
    if !survivors.is_empty() {
        outcome.note(format!("these processes could not be ended: {}", tree::names(&survivors)));
    }
    let left = private::remove(spec.private_files.iter().map(|file| file.path.as_path()));
    if !left.is_empty() {
        let names: Vec<String> = left.iter().map(|path: &PathBuf| path.display().to_string()).collect();
        outcome.note(format!("these files hold keys and could not be removed: {}", names.join(", ")));
    }
    outcome
}

/// The last event and the final record.
fn end(store: &Store, recorder: &mut Recorder, mut outcome: Outcome) -> Result<(), WorkerError> {
    if let Err(error) = recorder.try_settle(store) {
        outcome.note(format!("what it cost could not be recorded: {error}"));
    }
    let last = cc_domain::EventBody::ProcessExited {
        status: outcome.status,
        exit_code: outcome.exit_code,
        duration_ms: outcome.duration_ms,
    };
    // A full disk must not keep the record from saying how the run ended.
    let told = recorder.event(last);
    let used = recorder.used();
    recorder.writer().update(store, |record| {
        record.status = outcome.status;
        record.finished_at = Some(Timestamp::now().to_string());
        record.duration_ms = Some(outcome.duration_ms);
        record.exit_code = outcome.exit_code;
        record.stop_reason = outcome.stop_reason;
        record.error = outcome.error;
        record.result = outcome.result;
        record.output_budget = used;
    })?;
    told
}

/// What the record says while the worker runs.
fn mark_running(
    store: &Store,
    recorder: &mut Recorder,
    worker: u32,
    sandboxed: bool,
) -> Result<(), WorkerError> {
    let update = |record: &mut cc_domain::RunRecord| {
        record.status = RunStatus::Running;
        record.supervisor_pid = Some(std::process::id());
        record.child_pid = Some(worker);
        if let Some(work) = record.work.as_mut().filter(|_| sandboxed)
            && !work.prevention.contains(&Prevention::Landlock)
        {
            work.prevention.insert(0, Prevention::Landlock);
        }
    };
    Ok(recorder.writer().update(store, update)?)
}
