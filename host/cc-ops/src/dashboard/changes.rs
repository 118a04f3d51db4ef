//! What a run changed, and whether it may have.

use cc_domain::{Prevention, ProjectWork, RunId, ScopeState};
use cc_repo::{DiffOptions, diff, summary};
use cc_reports::dashboard::model::{RunChanges, ScopeView};

use super::Dashboard;
use crate::{OpError, accept::Work, facts::name, wait};

/// Bytes of a diff that a page holds.
const MOST_DIFF: usize = 400_000;
const MOST_OF_A_FILE: usize = 100_000;
/// The same in the file that holds many runs.
const MOST_DIFF_IN_FILE: usize = 40_000;

pub(super) fn gather(dashboard: &Dashboard, id: &RunId) -> Result<RunChanges, OpError> {
    of(dashboard, id, MOST_DIFF)
}

/// The same, small.
pub(super) fn for_file(dashboard: &Dashboard, id: &RunId) -> Result<RunChanges, OpError> {
    of(dashboard, id, MOST_DIFF_IN_FILE)
}

fn of(dashboard: &Dashboard, id: &RunId, most: usize) -> Result<RunChanges, OpError> {
    let record = wait::read(&*dashboard.cx.store()?, id)?;
    let Some(work) = &record.work else {
        return Ok(nothing("this run was not allowed to write, so its project was not looked at"));
    };
    if record.status.is_active() && work.before.is_none() {
        return Ok(nothing("the project is looked at before the worker starts; wait a moment"));
    }
    let work = match Work::of(&dashboard.cx, id) {
        Ok(work) => work,
        Err(error) => return Ok(RunChanges { scope: scope(work), ..nothing(&error.to_string()) }),
    };
    let options =
        DiffOptions { max_bytes: most, max_file_bytes: MOST_OF_A_FILE.min(most), ..DiffOptions::default() };
    let shown = diff(&work.before, &work.after, &options)?;
    let text = work.clean(&dashboard.cx, &shown.text)?;
    let source = || work.changes.files.iter().filter(|file| !file.artifact);
    Ok(RunChanges {
        nothing: work.changes.is_empty().then(|| "the run changed nothing".to_owned()),
        added: source().map(|file| file.added).sum(),
        deleted: source().map(|file| file.deleted).sum(),
        risks: summary(&work.changes)
            .into_iter()
            .map(|(risk, count)| (name(&risk).unwrap_or_default(), count))
            .collect(),
        scope: scope(&work.work),
        diff: text,
        left_out: shown.left_out,
        isolated: work.work.isolated.as_ref().map(|folder| folder.display().to_string()),
        changes: work.changes,
    })
}

fn nothing(why: &str) -> RunChanges {
    RunChanges { nothing: Some(why.to_owned()), ..RunChanges::default() }
}

fn scope(work: &ProjectWork) -> ScopeView {
    let verdict = work.outcome.as_ref().and_then(|outcome| outcome.verdict.as_ref());
    let state = work.scope_state();
    let held = |one: &Prevention| match one {
        Prevention::Landlock => "the system (Landlock)",
        Prevention::ToolHook => "a hook before each edit",
        Prevention::PermissionRules => "Claude Code's own rules",
    };
    let scope = work.scope.clone().unwrap_or_default();
    ScopeView {
        state: state.as_str().to_owned(),
        allow: scope.allow,
        deny: scope.deny,
        violations: verdict.map(|verdict| verdict.violations.clone()).unwrap_or_default(),
        prevention: if state == ScopeState::NoScope {
            Vec::new()
        } else {
            work.prevention.iter().map(|one| held(one).to_owned()).collect()
        },
    }
}
