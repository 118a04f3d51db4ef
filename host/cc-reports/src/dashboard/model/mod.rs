//! What the pages show: plain values, gathered elsewhere. Times are RFC 3339, UTC; amounts are USD.
#![allow(missing_docs)] // the names are the labels on the pages

mod models;
mod overview;
mod queue;
mod route;
mod run;
mod runs;
mod setup;
mod teams;
mod work;

use serde::Serialize;

pub use self::{
    models::{Benchmark, ModelRow, Models, RoleParts},
    overview::{Attention, Overview, QueueTally, Spend, SpendLine, Today},
    queue::{Job, Queue},
    route::{CandidateRow, CostRow, RunRoute},
    run::{Asked, Budgeted, EventRow, Flying, Note, RunHead, RunTimeline, Timeline, ToolRow},
    runs::{Choices, Filter, RunLine, RunList},
    setup::{Override, Part, PluginRow, Plugins, Upgrades},
    teams::{TeamAnswer, TeamLine, TeamPage, Teams},
    work::{RollbackPlan, RunChanges, RunGates, ScopeView, SecretRow, Secrets},
};

/// The whole of the static file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct File {
    pub project: String,
    pub overview: Overview,
    /// Every run, as rows.
    pub all: Vec<RunLine>,
    /// The newest ones, in full.
    pub runs: Vec<FileRun>,
    pub teams: Teams,
    pub queue: Queue,
    pub models: Models,
    pub plugins: Plugins,
    pub upgrades: Upgrades,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FileRun {
    pub head: RunHead,
    pub timeline: RunTimeline,
    pub changes: RunChanges,
    pub gates: RunGates,
    pub route: RunRoute,
}
