//! The project before and after a run that may write.
//!
//! Both moments are the supervisor's: before, no process of the run exists yet; after, none does any more. A project
//! that cannot be looked at (no git, too large) is told of and holds up nothing: the run then proves nothing.

use cc_domain::{EventBody, ProjectWork, RunId, ScopeVerdict, WorkOutcome};
use cc_repo::{Repo, RepoError, Scope, Snapshot, changes};
use cc_store::Store;

use super::{recorder::Recorder, sentry::Sentry};
use crate::{Isolated, ProjectWatch, WorkerError};

/// Violations that an event names.
const MOST_TOLD: usize = 5;

/// The project as it was when the run began.
pub(super) struct Project<'a> {
    repo: Repo,
    before: Snapshot,
    run: &'a RunId,
}

/// Keeps how the project is, or its copy once that is made; none when it cannot be looked at.
///
/// # Errors
/// A copy cannot be made: the worker must not work in the project instead.
pub(super) fn before<'a>(
    watch: &ProjectWatch,
    run: &'a RunId,
    store: &Store,
    recorder: &mut Recorder,
) -> Result<Option<Project<'a>>, WorkerError> {
    let opened = Repo::open(&watch.root, &watch.state);
    let taken = opened.and_then(|repo| Ok((repo.before(run)?, repo)));
    let taken = match &watch.isolated {
        Some(copy) => {
            Ok(taken.and_then(|(before, repo)| isolate(&repo, &before, copy, run)).map_err(|error| {
                WorkerError::Malformed { what: "the copy of the project".into(), reason: error.to_string() }
            })?)
        }
        None => taken,
    };
    match taken {
        Ok((before, repo)) => {
            let id = before.id().to_owned();
            update(store, recorder, |work| work.before = Some(id))?;
            Ok(Some(Project { repo, before, run }))
        }
        Err(error) => unknown(store, recorder, &error).map(|()| None),
    }
}

fn isolate(
    repo: &Repo,
    before: &Snapshot,
    copy: &Isolated,
    run: &RunId,
) -> Result<(Snapshot, Repo), RepoError> {
    if let Some(around) = copy.folder.parent() {
        std::fs::create_dir_all(around).map_err(|source| RepoError::Io {
            action: "create",
            path: around.into(),
            source,
        })?;
    }
    let copied = repo.isolate(before, &copy.folder, &copy.state)?;
    Ok((copied.before(run)?, copied))
}

impl Project<'_> {
    /// From now on the worker is watched, when there is a scope to keep to.
    pub(super) fn watch(&self, recorder: &mut Recorder) {
        let record = recorder.writer().record();
        let scope = record.work.as_ref().and_then(|work| work.scope.as_ref());
        let sentry =
            scope.and_then(|scope| Sentry::post(scope, &self.repo, &self.before, record.cwd.clone()));
        recorder.watch_scope(sentry);
    }

    /// Keeps how the project is now, and says what the run changed and whether it may have.
    pub(super) fn after(&self, store: &Store, recorder: &mut Recorder) -> Result<(), WorkerError> {
        let scope = recorder.writer().record().work.as_ref().and_then(|work| work.scope.clone());
        let judged = self.repo.after(self.run, &self.before).and_then(|after| {
            let changes = changes(&self.before, &after)?;
            let verdict = scope.as_ref().map(Scope::new).transpose()?.map(|scope| scope.check(&changes));
            Ok((after.id().to_owned(), WorkOutcome::of(&changes, verdict)))
        });
        let (after, outcome) = match judged {
            Ok(judged) => judged,
            Err(error) => return unknown(store, recorder, &error),
        };
        update(store, recorder, |work| (work.after, work.outcome) = (Some(after), Some(outcome)))?;
        let told = recorder.writer().record().work.as_ref().and_then(told);
        told.map_or(Ok(()), |event| recorder.event(event))
    }
}

fn told(work: &ProjectWork) -> Option<EventBody> {
    let outcome = work.outcome.as_ref()?;
    let sentences = |verdict: &ScopeVerdict| {
        let violations = verdict.violations.iter().take(MOST_TOLD);
        violations.map(|v| format!("{}: {}", v.path, v.reason)).collect()
    };
    Some(EventBody::ProjectChanged {
        files: outcome.files,
        added: outcome.added,
        deleted: outcome.deleted,
        commits: outcome.commits,
        scope: work.scope_state(),
        violations: outcome.verdict.as_ref().map(sentences).unwrap_or_default(),
    })
}

fn unknown(store: &Store, recorder: &mut Recorder, error: &RepoError) -> Result<(), WorkerError> {
    let error = error.to_string();
    update(store, recorder, |work| work.error = Some(error.clone()))?;
    recorder.event(EventBody::ProjectUnknown { error })
}

fn update(
    store: &Store,
    recorder: &mut Recorder,
    change: impl FnOnce(&mut ProjectWork),
) -> Result<(), WorkerError> {
    Ok(recorder.writer().update(store, |record| change(record.work.get_or_insert_default()))?)
}
