//! What is asked of a worker, before anything of it is settled.

use std::path::PathBuf;

use cc_domain::{Asking, Budget, OnLimit, Role, RunId, RunMode, TeamId, WriteScope};
use cc_store::Claim;
use cc_workers::PermissionMode;

use crate::{OpError, WorkerKind, arguments, routing::Job};

/// A worker to start.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) mode: RunMode,
    pub(crate) job: Job,
    pub(crate) task: String,
    pub(crate) context: Option<String>,
    pub(crate) timeout_seconds: Option<u32>,
    pub(crate) cwd: Option<String>,
    pub(crate) budget: Budget,
    /// The user's own defaults are in it already.
    pub(crate) budget_settled: bool,
    pub(crate) asking: Asking,
    /// Where it may write, beside what the project's own scope says; patterns from `cwd`.
    pub(crate) scope: WriteScope,
    /// The system is to refuse writes elsewhere, by whatever program; none: as the user's overrides say.
    pub(crate) sandbox: Option<bool>,
    /// In a copy of the project.
    pub(crate) isolate: bool,
    /// None: as the user's overrides say.
    pub(crate) on_limit: Option<OnLimit>,
    /// Include words as they are written; only their number is kept.
    pub(crate) partial: bool,
    /// The session to go on with, and its run.
    pub(crate) resume: Option<String>,
    pub(crate) parent: Option<RunId>,
    pub(crate) team: Option<TeamId>,
    /// The parent's profile, by name, and model; and why the route is as it is.
    pub(crate) previous: Option<(String, Option<String>)>,
    pub(crate) drift_reason: Option<&'static str>,
    /// Instead of the routed one.
    pub(crate) model: Option<String>,
    /// The claim on the queued job that this is an attempt of; it has the run's id.
    pub(crate) claim: Option<Claim>,
    /// In a folder that will be thrown away, instead of `cwd`.
    pub(crate) scratch: Option<Scratch>,
}

/// Where a run works that belongs to no project of the user's. What it changes is not recorded: whoever made the
/// folder knows what was in it.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    /// Its folder; a repository of its own.
    pub(crate) folder: PathBuf,
    /// What its record is kept under, as under a project's root: it outlasts the folder.
    pub(crate) records: PathBuf,
}

impl Start {
    /// A worker for a task, with everything else as usual.
    pub(crate) fn new(mode: RunMode, job: Job, task: String) -> Self {
        Self {
            mode,
            job,
            task,
            context: None,
            timeout_seconds: None,
            cwd: None,
            budget: Budget::default(),
            budget_settled: false,
            asking: Asking::default(),
            scope: WriteScope::default(),
            sandbox: None,
            isolate: false,
            on_limit: None,
            partial: false,
            resume: None,
            parent: None,
            team: None,
            previous: None,
            drift_reason: None,
            model: None,
            claim: None,
            scratch: None,
        }
    }
}

/// The arguments of every operation that gives a worker a task, within their limits.
pub(crate) fn check(task: &str, context: Option<&str>, timeout_seconds: Option<u32>) -> Result<(), OpError> {
    arguments::text_within("task", task, 20_000)?;
    if let Some(context) = context {
        arguments::text_within("context", context, 20_000)?;
    }
    check_timeout(timeout_seconds)
}

/// A time limit, if one is given, within its limits.
pub(crate) fn check_timeout(seconds: Option<u32>) -> Result<(), OpError> {
    let within =
        |seconds| arguments::number_within("timeout_seconds", seconds, 10, Role::MAX_TIMEOUT_SECONDS);
    seconds.map_or(Ok(()), |seconds| within(seconds).map(drop))
}

/// How a run is recorded: the demo worker's are kept apart.
pub(crate) fn mode(worker: WorkerKind, usual: RunMode) -> RunMode {
    if worker == WorkerKind::Demo { RunMode::Demo } else { usual }
}

/// The permission mode of a worker that may, or may not, edit.
pub(crate) fn permission_mode(write: bool) -> PermissionMode {
    if write { PermissionMode::AcceptEdits } else { PermissionMode::Plan }
}

/// The time limit of a run in seconds.
pub(crate) fn timeout_of(role: &Role, asked: Option<u32>) -> u32 {
    asked.unwrap_or_else(|| role.default_timeout_seconds()).min(Role::MAX_TIMEOUT_SECONDS)
}
