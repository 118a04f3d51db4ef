//! What the dashboard's pages show, gathered from records and plugins. Nothing here changes anything.
//!
//! Each page has a call of its own and reads no more than it shows. The one page that starts the plugin engine is
//! that of the models, and a run's, for its reviewer.

mod changes;
mod file;
mod gates;
mod models;
mod news;
mod overview;
mod plugins;
mod queue;
mod rollback;
mod route;
mod run;
mod runs;
mod teams;
mod timeline;
mod upgrades;

use std::path::PathBuf;

use cc_domain::{RunId, RunMode, TeamId};
use cc_reports::dashboard::model;
use cc_store::{RunDir, RunSummary, Store};
use jiff::Timestamp;

pub use news::{Change, News};
pub use runs::filter_of;

use crate::{Context, OpError, own};

/// Bytes of a task that lists show.
const MOST_TASK: u64 = 600;

/// Events of a run that a page asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask {
    /// Those before this byte of the record; none: the newest.
    pub before: Option<u64>,
    /// Details too.
    pub all: bool,
}

/// The dashboard of one home.
#[derive(Clone)]
pub struct Dashboard {
    cx: Context,
    /// Only runs of that project.
    project: Option<PathBuf>,
}

impl Dashboard {
    /// Of everything in the home.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx, project: None }
    }

    /// The operations' own context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// The first page.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn overview(&self) -> Result<model::Overview, OpError> {
        overview::gather(self)
    }

    /// A page of the list, from 1.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn runs(&self, filter: model::Filter, page: u64) -> Result<model::RunList, OpError> {
        runs::gather(self, filter, page)
    }

    /// The head of a run's pages.
    ///
    /// # Errors
    /// When the run is unknown or its record cannot be read.
    pub fn head(&self, run: &RunId) -> Result<model::RunHead, OpError> {
        run::head(self, run)
    }

    /// What happened in a run.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn timeline(&self, run: &RunId, ask: Ask) -> Result<model::RunTimeline, OpError> {
        run::timeline(self, run, ask)
    }

    /// What a run changed.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn changes(&self, run: &RunId) -> Result<model::RunChanges, OpError> {
        changes::gather(self, run)
    }

    /// What its acceptance rests on.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn gates(&self, run: &RunId) -> Result<model::RunGates, OpError> {
        gates::gather(self, run)
    }

    /// Who chose its model, and what it cost.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn route(&self, run: &RunId) -> Result<model::RunRoute, OpError> {
        route::gather(self, run)
    }

    /// What a rollback, or its undoing, would do.
    ///
    /// # Errors
    /// When the run cannot be rolled back at all.
    pub async fn rollback(&self, run: &RunId, undo: bool) -> Result<model::RollbackPlan, OpError> {
        rollback::gather(self, run, undo).await
    }

    /// The newest teams.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn teams(&self) -> Result<model::Teams, OpError> {
        teams::all(self)
    }

    /// One team, its answers compared.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn team(&self, team: &TeamId) -> Result<model::TeamPage, OpError> {
        teams::one(self, team)
    }

    /// The queue of jobs.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn queue(&self) -> Result<model::Queue, OpError> {
        queue::gather(self)
    }

    /// Models compared. What keeps them from being scored is in the page.
    #[must_use]
    pub fn models(&self) -> model::Models {
        models::gather(self)
    }

    /// Plugins by layer, and overrides.
    #[must_use]
    pub fn plugins(&self) -> model::Plugins {
        plugins::gather(self)
    }

    /// Whether an upgrade kept everything of the user's. What keeps that from being told is in the page.
    pub async fn upgrades(&self) -> model::Upgrades {
        upgrades::gather(self).await
    }

    /// Everything for the file: all rows of the project, and its newest runs in full.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub(crate) async fn file(
        cx: &Context,
        full: u32,
        include_finished: bool,
    ) -> Result<model::File, OpError> {
        let upgrades = Self::new(cx.clone()).upgrades().await;
        let page = cx.blocking(move |cx| file::gather(cx, full, include_finished)).await?;
        Ok(model::File { upgrades, ..page })
    }

    /// None where nothing ever ran: asking makes no database.
    fn store(&self) -> Result<Option<std::sync::Arc<Store>>, OpError> {
        if self.cx.setup().home.state_db().is_file() { Ok(Some(self.cx.store()?)) } else { Ok(None) }
    }
}

/// What a run was asked; nothing where its folder is gone.
fn task(dir: &RunDir) -> String {
    own::task(dir, MOST_TASK).map(|task| task.trim().to_owned()).unwrap_or_default()
}

/// `2026-11-25 22:48:24 UTC`, as all pages write a moment.
fn moment(ts: Timestamp) -> String {
    ts.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A row of the index as pages show it.
fn line(row: &RunSummary) -> model::RunLine {
    let answered = row.actual_model.clone().filter(|actual| Some(actual) != row.model.as_ref());
    model::RunLine {
        id: row.run_id.to_string(),
        state: row.status.as_str().to_owned(),
        active: row.status.is_active(),
        role: row.role.to_string(),
        task_type: row.task_type.to_string(),
        model: row.model.clone(),
        answered_by: answered,
        profile: row.profile_name.clone(),
        profile_id: row.profile_id.clone(),
        project: row.workspace_root.display().to_string(),
        started_at: row.started_at.clone(),
        duration_ms: row.duration_ms,
        cost_usd: row.cost_usd,
        cost_is_estimate: row.cost_is_estimate,
        tokens: row.usage.total(),
        write: row.allow_write,
        apart: apart(row.mode),
        task: String::new(),
        activity: None,
        error: row.error.clone(),
        verified: None,
    }
}

/// What a run was for, when it was no work: figures of usage and quality leave it out, too.
fn apart(mode: RunMode) -> Option<&'static str> {
    RunMode::APART.contains(&mode).then_some(mode.as_str())
}
