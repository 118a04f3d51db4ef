//! What a run did to its project, for every operation that accepts or refuses it.

use std::path::Path;

use cc_domain::{Changes, ProjectWork, RunId, RunRecord};
use cc_repo::{Project, Repo, Snapshot, changes};
use cc_secrets::Redactor;
use cc_store::RunFilter;

use crate::{Context, ErrorKind, OpError, rules::unusable, wait};

/// A run that may write, its project before and after, and what differs.
pub(crate) struct Work {
    pub(crate) record: RunRecord,
    pub(crate) work: ProjectWork,
    pub(crate) repo: Repo,
    pub(crate) before: Snapshot,
    pub(crate) after: Snapshot,
    /// `run_after_snapshot`, or `current` when the run has none: it goes on, or nobody saw its end.
    pub(crate) source: &'static str,
    pub(crate) changes: Changes,
}

impl Work {
    /// Of a run.
    pub(crate) fn of(cx: &Context, id: &RunId) -> Result<Self, OpError> {
        let record = wait::read(&*cx.store()?, id)?;
        let work = record.work.clone().ok_or_else(|| read_only(&record))?;
        let home = &cx.setup().home;
        let root = &record.workspace_root;
        let project = Repo::open(root, &home.project(root))?;
        let repo = match &work.isolated {
            Some(copy) => project.isolated(copy, &home.project(copy))?,
            None => project,
        };
        let before = work.before.as_deref().ok_or_else(|| unseen(&record, &work))?;
        let before = repo.load(before)?;
        let (after, source) = match &work.after {
            Some(after) => (repo.load(after)?, "run_after_snapshot"),
            None => (repo.now(&before)?, "current"),
        };
        let changes = changes(&before, &after)?;
        Ok(Self { record, work, repo, before, after, source, changes })
    }

    /// A text of the project as it may be shown: without secrets.
    pub(crate) fn clean(&self, cx: &Context, text: &str) -> Result<String, OpError> {
        Ok(cleaner(cx, &self.record.workspace_root)?.redact(text).into_owned())
    }

    /// The same run once it has ended: before, nothing of it may be moved.
    pub(crate) fn ended(self) -> Result<Self, OpError> {
        if !self.record.status.is_active() {
            return Ok(self);
        }
        let message = format!("run {} still runs", self.record.run_id);
        Err(OpError::new(ErrorKind::Denied, message, "cc_stop_run ends it; then call again"))
    }

    /// Of a run, or of the newest one that may write in a folder's project.
    pub(crate) fn find(cx: &Context, id: Option<&RunId>, cwd: Option<&str>) -> Result<Self, OpError> {
        match id {
            Some(id) => Self::of(cx, id),
            None => Self::of(cx, &newest(cx, &cx.project(cwd)?)?),
        }
    }
}

fn newest(cx: &Context, project: &Project) -> Result<RunId, OpError> {
    let filter = RunFilter { limit: 1_000, ..RunFilter::default() };
    let store = cx.store()?;
    for run in store.list_runs(&filter)? {
        let record = store.run(&run.run_id)?;
        if record.work.is_some() && record.workspace_root == project.root {
            return Ok(run.run_id);
        }
    }
    let message = format!("no run that may write is known in {}", project.root.display());
    Err(OpError::new(ErrorKind::NotFound, message, "pass 'run_id'; cc_run_status lists runs"))
}

fn read_only(record: &RunRecord) -> OpError {
    let message = format!("run {} was not allowed to write, so its project was not looked at", record.run_id);
    OpError::invalid(message, "start runs that are to change files with allow_write")
}

fn unseen(record: &RunRecord, work: &ProjectWork) -> OpError {
    let why = work.error.clone().unwrap_or_else(|| format!("it is {}", record.status.as_str()));
    let message = format!("nobody saw the project before run {}: {why}", record.run_id);
    OpError::new(
        ErrorKind::Unavailable,
        message,
        "look at the changes with git; mend the cause for the next run",
    )
}

/// Takes secrets out of what a project's files and commands say, by the rules of its plugins.
pub(crate) fn cleaner(cx: &Context, root: &Path) -> Result<Redactor, OpError> {
    let rules = cx.policy(root).secret_rules()?;
    Redactor::new(&rules.rules, Vec::new()).map_err(|error| unusable(&error))
}
