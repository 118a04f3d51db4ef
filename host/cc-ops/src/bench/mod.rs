//! Benchmarks of models: what is to be run, the runs, and what came of them.
//!
//! A benchmark is a row with its plan and a row for each repetition of a task, written when its run begins and when it
//! is judged. The process that executes one holds a lock; whoever finds the lock free may go on with what is missing.

mod execute;
mod follow;
mod plan;
mod suites;
mod view;

use cc_bench::{Suite, Task};
use cc_domain::{BenchmarkId, BenchmarkResult, ResultState, Role};
use serde::{Deserialize, Serialize};

use crate::{Context, ErrorKind, OpError, watch};

pub(crate) use self::view::BenchmarkView;

/// Seconds that a call waits when it does not say.
const USUAL_WAIT: u32 = 50;

/// What a caller asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// A benchmark that was begun before; everything else comes from its plan then.
    pub(crate) benchmark_id: Option<BenchmarkId>,
    /// Ids or names; none: the current one.
    pub(crate) profiles: Vec<String>,
    /// Every usable one instead.
    pub(crate) all_profiles: bool,
    pub(crate) model: Option<String>,
    pub(crate) suite: Option<String>,
    /// Only the tasks of this role.
    pub(crate) role: Option<Role>,
    /// One task of the caller's own instead of a suite, and what its answer must match.
    pub(crate) task: Option<String>,
    pub(crate) expect: Option<String>,
    pub(crate) repeat: Option<u32>,
    pub(crate) parallel: Option<u32>,
    pub(crate) timeout_seconds: Option<u32>,
    pub(crate) wait_seconds: Option<u32>,
    pub(crate) execute: bool,
    pub(crate) details: bool,
}

/// Where the tasks come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    Suite(String),
    Task { role: Role, task: String, expect: Option<String> },
}

/// A model on a profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Target {
    profile_id: String,
    profile_name: String,
    /// None for the provider's default.
    model: Option<String>,
}

/// What is to be run; kept with the benchmark.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plan {
    source: Source,
    targets: Vec<Target>,
    /// By id.
    tasks: Vec<String>,
    /// Tasks that cannot be judged here, and why.
    skipped: Vec<Skipped>,
    repeat: u32,
    parallel: u32,
    /// Instead of each task's own.
    timeout_seconds: Option<u32>,
}

/// A task that is left out.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Skipped {
    task: String,
    reason: String,
}

/// A plan and its suite.
#[derive(Clone, Debug)]
struct Bench {
    /// None until it is executed.
    id: Option<BenchmarkId>,
    suite: Suite,
    plan: Plan,
}

/// One run of a benchmark: indexes of its target and its task, and the repetition from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job {
    target: usize,
    task: usize,
    repetition: u32,
}

impl Bench {
    /// The tasks that are run.
    fn tasks(&self) -> impl Iterator<Item = (usize, &Task)> {
        let chosen = |(_, task): &(usize, &Task)| self.plan.tasks.iter().any(|id| id == task.id.as_str());
        self.suite.tasks.iter().enumerate().filter(chosen)
    }

    /// Every run. Models take turns, so that a partial result compares.
    fn jobs(&self) -> Vec<Job> {
        let tasks: Vec<usize> = self.tasks().map(|(index, _)| index).collect();
        let targets = self.plan.targets.len();
        let of = |repetition, task| (0..targets).map(move |target| Job { target, task, repetition });
        (1..=self.plan.repeat).flat_map(|n| tasks.iter().flat_map(move |task| of(n, *task))).collect()
    }

    fn is_of(&self, job: Job, result: &BenchmarkResult) -> bool {
        let target = &self.plan.targets[job.target];
        result.profile_id == target.profile_id
            && result.model == target.model
            && result.task == self.suite.tasks[job.task].id.as_str()
            && result.repetition == job.repetition
    }

    /// The runs that have no verdict yet, each with what is known of it.
    fn missing(&self, results: &[BenchmarkResult]) -> Vec<(Job, Option<BenchmarkResult>)> {
        let known = |job: Job| results.iter().find(|result| self.is_of(job, result)).cloned();
        let ended =
            |result: &BenchmarkResult| matches!(result.state, ResultState::Judged | ResultState::Unchecked);
        let jobs = self.jobs().into_iter().map(|job| (job, known(job)));
        jobs.filter(|(_, result)| !result.as_ref().is_some_and(ended)).collect()
    }
}

/// Does what is asked: plans, executes, waits, goes on.
pub(crate) async fn run(cx: &Context, request: Request) -> Result<BenchmarkView, OpError> {
    let patience = watch::patience(request.wait_seconds, USUAL_WAIT)?;
    let (execute, details) = (request.execute, request.details);
    let bench = cx.blocking(move |cx| plan::settle(cx, &request)).await?;
    if bench.id.is_none() && !execute {
        return cx.blocking(move |cx| BenchmarkView::planned(cx, &bench)).await;
    }
    let bench = if bench.id.is_none() { cx.blocking(move |cx| plan::begin(cx, bench)).await? } else { bench };
    let id = bench.id.clone().ok_or_else(unnamed)?;
    if execute {
        execute::begin(cx, bench.clone()).await?;
    }
    follow::wait(cx, &id, bench.jobs().len(), patience).await?;
    cx.blocking(move |cx| BenchmarkView::now(cx, &bench, &id, details)).await
}

fn unnamed() -> OpError {
    OpError::new(ErrorKind::State, "the benchmark has no id", "call again")
}
