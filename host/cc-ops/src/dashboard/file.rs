//! Everything for the file that works from disk. It holds one project's runs: whoever can read the project's folder
//! may read it, and that is a worker of this project, too.

use cc_domain::RunId;
use cc_reports::dashboard::model::{File, FileRun, RunChanges, RunLine};
use cc_store::{RunDir, RunFilter, RunSummary};

use super::{Ask, Dashboard, changes, line, task};
use crate::{Context, OpError};

/// Runs that the list holds, the newest.
const MOST_ROWS: u32 = 10_000;
/// Rows that say their task: each is a file that is read.
const TASKS: usize = 500;
/// Events of each run in full.
const EVENTS: usize = 60;

pub(super) fn gather(cx: &Context, full: u32, include_finished: bool) -> Result<File, OpError> {
    let project = cx.project(None)?.root;
    let dashboard = Dashboard { cx: cx.clone(), project: Some(project.clone()) };
    let rows = match dashboard.store()? {
        Some(store) => store.list_runs(&RunFilter {
            active: (!include_finished).then_some(true),
            workspace_root: Some(project.clone()),
            limit: MOST_ROWS,
            ..RunFilter::default()
        })?,
        None => Vec::new(),
    };
    // A run whose folder was deleted is a row and no more.
    let runs = rows.iter().take(full as usize).filter_map(|row| in_full(&dashboard, &row.run_id).ok());
    let mut models = dashboard.models();
    models.benchmarks.truncate(100);
    Ok(File {
        project: project.display().to_string(),
        overview: dashboard.overview()?,
        runs: runs.collect(),
        all: rows.iter().enumerate().map(|(at, row)| listed(row, at < TASKS)).collect(),
        teams: dashboard.teams()?,
        queue: dashboard.queue()?,
        models,
        plugins: dashboard.plugins(),
        ..File::default()
    })
}

fn listed(row: &RunSummary, with_task: bool) -> RunLine {
    let task = if with_task { task(&RunDir::at(&row.run_dir)) } else { String::new() };
    RunLine { task, ..line(row) }
}

fn in_full(dashboard: &Dashboard, run: &RunId) -> Result<FileRun, OpError> {
    let head = dashboard.head(run)?;
    let mut timeline = dashboard.timeline(run, Ask::default())?;
    timeline.timeline.events.truncate(EVENTS);
    timeline.timeline.older = None;
    let changes = changes::for_file(dashboard, run)
        .unwrap_or_else(|error| RunChanges { nothing: Some(error.to_string()), ..RunChanges::default() });
    Ok(FileRun { head, timeline, changes, gates: dashboard.gates(run)?, route: dashboard.route(run)? })
}
