//! A benchmark as callers see it: models by tasks, with intervals.

use std::collections::BTreeSet;

use cc_bench::Task;
use cc_domain::{BenchmarkId, BenchmarkResult, CheckResult, Estimate, ResultState, Role};
use cc_reports::Table;
use cc_store::FileLock;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Bench, Skipped, Target, follow};
use crate::{Context, OpError, Output};

/// Reasons of void runs that are told.
const MOST_PROBLEMS: usize = 3;

/// A plan, or what came of it so far.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BenchmarkView {
    /// `planned`, `running`, `finished`, or `incomplete`: some runs have no verdict, and nobody is at it.
    status: &'static str,
    #[schemars(skip)]
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    benchmark_id: Option<BenchmarkId>,
    #[schemars(skip)]
    suite: String,
    #[schemars(skip)]
    suite_digest: String,
    #[schemars(skip)]
    repeat: u32,
    #[schemars(skip)]
    runs: Runs,
    models: Vec<ModelView>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<Skipped>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tasks: Vec<PlannedTask>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Detail>,
    next_step: String,
}

/// How many runs there are of each kind.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Runs {
    planned: usize,
    judged: usize,
    unchecked: usize,
    running: usize,
    void: usize,
}

/// A task of a plan.
#[derive(Debug, Serialize, JsonSchema)]
struct PlannedTask {
    task: String,
    role: Role,
    title: String,
    timeout_seconds: u32,
}

/// One model.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelView {
    profile_id: String,
    #[schemars(skip)]
    profile: String,
    model: Option<String>,
    /// When it is not the one that was asked for.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answered_by: Vec<String>,
    /// Of all tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Scored>,
    /// So far; in a plan, the estimate.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    /// Mean of a run.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tasks: Vec<TaskView>,
}

/// One task on one model.
#[derive(Debug, Serialize, JsonSchema)]
struct TaskView {
    task: String,
    #[serde(skip)]
    role: Role,
    #[serde(flatten)]
    score: Option<Scored>,
    #[serde(skip_serializing_if = "is_none")]
    unchecked: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A mean score from 0 to 1 of `n` runs, and its 95 % interval (Wilson).
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct Scored {
    n: u32,
    mean: f64,
    low: f64,
    high: f64,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
struct Detail {
    profile_id: String,
    model: Option<String>,
    actual_model: Option<String>,
    task: String,
    repetition: u32,
    state: ResultState,
    score: Option<f64>,
    run_id: Option<String>,
    cost_usd: Option<f64>,
    duration_ms: Option<u64>,
    tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    checks: Vec<CheckResult>,
}

impl BenchmarkView {
    /// What would be run.
    pub(super) fn planned(cx: &Context, bench: &Bench) -> Result<Self, OpError> {
        let profiles = cc_profiles::load(&cx.setup().locations)?;
        let price = |target: &Target| {
            let profile = profiles.find(&target.profile_id).ok()?;
            let price = profile.price_of(target.model.as_deref()?)?.times(profile.cost_multiplier);
            let runs = bench.tasks().map(|(_, task)| price.cost(task.estimate.usage()));
            Some(rounded(runs.sum::<f64>() * f64::from(bench.plan.repeat)))
        };
        let models = bench.plan.targets.iter().map(|t| ModelView { cost_usd: price(t), ..ModelView::of(t) });
        let next_step =
            "call again with execute; cost_usd is an estimate from listed prices, absent where none is";
        let planned = |(_, task): (usize, &Task)| PlannedTask {
            task: task.id.to_string(),
            role: task.role.clone(),
            title: task.title.clone(),
            timeout_seconds: bench.plan.timeout_seconds.unwrap_or(task.timeout_seconds),
        };
        let models = models.collect();
        let tasks = bench.tasks().map(planned).collect();
        Ok(Self { tasks, models, ..Self::new("planned", bench, next_step.into()) })
    }

    /// What came of it so far.
    pub(super) fn now(cx: &Context, bench: &Bench, id: &BenchmarkId, details: bool) -> Result<Self, OpError> {
        // Looked at before the results: who is done by then has written all of them.
        let active = FileLock::is_held(&follow::lock(cx, id))?;
        let results = cx.store()?.benchmark_results(id)?;
        let missing = bench.missing(&results).len();
        let (status, next_step) = match (active, missing) {
            (true, _) => ("running", format!("call again with benchmark_id {id}; it goes on in this server")),
            (false, 0) => ("finished", "cc_score_models compares all models".to_owned()),
            (false, _) => (
                "incomplete",
                format!("call again with benchmark_id {id} and execute to run what is missing"),
            ),
        };
        let count = |state| results.iter().filter(|result| result.state == state).count();
        let runs = Runs {
            planned: bench.jobs().len(),
            judged: count(ResultState::Judged),
            unchecked: count(ResultState::Unchecked),
            running: if active { count(ResultState::Running) } else { 0 },
            void: count(ResultState::Void),
        };
        let models =
            bench.plan.targets.iter().map(|target| ModelView::now(bench, target, &results)).collect();
        Ok(Self {
            benchmark_id: Some(id.clone()),
            dry_run: false,
            runs,
            models,
            problems: problems(&results),
            results: if details { results.iter().map(Detail::of).collect() } else { Vec::new() },
            ..Self::new(status, bench, next_step)
        })
    }

    fn new(status: &'static str, bench: &Bench, next_step: String) -> Self {
        Self {
            status,
            dry_run: true,
            benchmark_id: None,
            suite: bench.suite.name.to_string(),
            suite_digest: bench.suite.digest.chars().take(12).collect(),
            repeat: bench.plan.repeat,
            runs: Runs { planned: bench.jobs().len(), ..Runs::default() },
            models: Vec::new(),
            skipped: bench.plan.skipped.clone(),
            tasks: Vec::new(),
            problems: Vec::new(),
            results: Vec::new(),
            next_step,
        }
    }
}

/// Why runs are void, each reason once.
fn problems(results: &[BenchmarkResult]) -> Vec<String> {
    let void = results.iter().filter(|result| result.state == ResultState::Void);
    let reasons: BTreeSet<String> = void
        .filter_map(|result| {
            Some(format!("{} on {}: {}", result.task, result.profile_name, result.error.as_ref()?))
        })
        .collect();
    reasons.into_iter().take(MOST_PROBLEMS).collect()
}

impl ModelView {
    fn of(target: &Target) -> Self {
        Self {
            profile_id: target.profile_id.clone(),
            profile: target.profile_name.clone(),
            model: target.model.clone(),
            answered_by: Vec::new(),
            score: None,
            cost_usd: None,
            seconds: None,
            tasks: Vec::new(),
        }
    }

    fn now(bench: &Bench, target: &Target, results: &[BenchmarkResult]) -> Self {
        let own = |result: &&BenchmarkResult| {
            result.profile_id == target.profile_id && result.model == target.model
        };
        let own: Vec<&BenchmarkResult> = results.iter().filter(own).collect();
        let costs: Vec<f64> = own.iter().filter_map(|result| result.cost_usd).collect();
        let times: Vec<u64> = own.iter().filter_map(|result| result.duration_ms).collect();
        let answered: BTreeSet<&String> =
            own.iter().filter_map(|result| result.actual_model.as_ref()).collect();
        let others = answered.into_iter().filter(|model| Some(*model) != target.model.as_ref()).cloned();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of some runs")]
        let seconds = times.iter().sum::<u64>() as f64 / times.len().max(1) as f64 / 1000.0;
        Self {
            answered_by: others.collect(),
            score: Scored::of(&own),
            cost_usd: (!costs.is_empty()).then(|| rounded(costs.iter().sum())),
            seconds: (!times.is_empty()).then(|| rounded(seconds)),
            tasks: bench.tasks().filter_map(|(_, task)| TaskView::of(task, &own)).collect(),
            ..Self::of(target)
        }
    }
}

impl TaskView {
    /// None before anything is known of it.
    fn of(task: &Task, results: &[&BenchmarkResult]) -> Option<Self> {
        let own: Vec<&BenchmarkResult> =
            results.iter().filter(|result| result.task == task.id.as_str()).copied().collect();
        let unchecked = own.iter().filter(|result| result.state == ResultState::Unchecked).count();
        let score = Scored::of(&own);
        (score.is_some() || unchecked > 0).then(|| Self {
            task: task.id.to_string(),
            role: task.role.clone(),
            score,
            unchecked,
        })
    }
}

impl Scored {
    fn of(results: &[&BenchmarkResult]) -> Option<Self> {
        let scores: Vec<f64> = results.iter().filter_map(|result| result.score).collect();
        let Estimate { n, mean, low, high } = Estimate::of(&scores)?;
        Some(Self { n, mean: short(mean), low: short(low), high: short(high) })
    }

    fn text(self) -> String {
        format!("{:.2} ({:.2}-{:.2}, n {})", self.mean, self.low, self.high, self.n)
    }
}

impl Detail {
    fn of(result: &BenchmarkResult) -> Self {
        Self {
            profile_id: result.profile_id.clone(),
            model: result.model.clone(),
            actual_model: result.actual_model.clone(),
            task: result.task.clone(),
            repetition: result.repetition,
            state: result.state,
            score: result.score,
            run_id: result.run_id.as_ref().map(ToString::to_string),
            cost_usd: result.cost_usd,
            duration_ms: result.duration_ms,
            tokens: result.usage.total(),
            error: result.error.clone(),
            checks: result.checks.clone(),
        }
    }
}

fn short(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl Output for BenchmarkView {
    fn text(&self) -> String {
        let id = self.benchmark_id.as_ref().map_or_else(String::new, |id| format!(" {id}"));
        let runs = &self.runs;
        let mut text = format!(
            "Benchmark{id} {}: suite {} ({}), {} repetitions; {} of {} runs judged, {} unchecked, {} void\n\n{}\n",
            self.status,
            self.suite,
            self.suite_digest,
            self.repeat,
            runs.judged,
            runs.planned,
            runs.unchecked,
            runs.void,
            self.table(),
        );
        for skipped in &self.skipped {
            text.push_str(&format!("\nskipped {}: {}", skipped.task, skipped.reason));
        }
        for problem in &self.problems {
            text.push_str(&format!("\nvoid: {problem}"));
        }
        format!("{text}\nScores are from 0 to 1, with 95 % intervals (Wilson).\nNext: {}", self.next_step)
    }

    fn succeeded(&self) -> bool {
        self.status != "incomplete"
    }
}

impl BenchmarkView {
    /// Tasks by models.
    fn table(&self) -> Table {
        let name = |model: &ModelView| model.model.clone().unwrap_or_else(|| "(default)".into());
        let names = self.models.iter().map(|model| format!("{}, {}", name(model), model.profile));
        let mut table = Table::new(["task".to_owned(), "role".to_owned()].into_iter().chain(names));
        let planned = self.tasks.iter().map(|task| (task.task.as_str(), task.role.as_str()));
        let known = self
            .models
            .iter()
            .flat_map(|model| &model.tasks)
            .map(|task| (task.task.as_str(), task.role.as_str()));
        let tasks: BTreeSet<(&str, &str)> = planned.chain(known).collect();
        for (task, role) in tasks {
            let cell = |model: &ModelView| {
                let found = model.tasks.iter().find(|view| view.task == task);
                found.map_or_else(String::new, |view| {
                    view.score.map_or_else(|| "unchecked".into(), Scored::text)
                })
            };
            table.row([task.to_owned(), role.to_owned()].into_iter().chain(self.models.iter().map(cell)));
        }
        let row = |table: &mut Table, name: &str, cell: &dyn Fn(&ModelView) -> String| {
            table.row([name.to_owned(), String::new()].into_iter().chain(self.models.iter().map(cell)));
        };
        row(&mut table, "all", &|model| model.score.map_or_else(String::new, Scored::text));
        row(&mut table, "USD", &|model| {
            model.cost_usd.map_or_else(|| "unknown".into(), |usd| format!("{usd:.4}"))
        });
        row(&mut table, "seconds a run", &|model| {
            model.seconds.map_or_else(String::new, |s| format!("{s:.1}"))
        });
        table
    }
}
