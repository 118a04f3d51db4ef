//! The runs of a benchmark, each in a fresh folder, and their verdicts.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cc_bench::{Left, Prepared, Ran, SuiteError};
use cc_domain::{
    BenchmarkId, BenchmarkResult, Budget, OnLimit, ResultState, RunId, RunMode, RunRecord, RunResult,
    RunStatus, Usage,
};
use cc_store::{FileLock, create_private_dir};
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Bench, Job, follow, unnamed};
use crate::{
    Context, ErrorKind, OpError, accept,
    launch::{self, Scratch, Start},
    routing, wait,
};

/// One look at a run; it is looked at again until it has ended.
const LOOK: Duration = Duration::from_secs(60);

/// Starts what is missing of a benchmark, unless somebody is at it. The work goes on in this process.
pub(super) async fn begin(cx: &Context, bench: Bench) -> Result<(), OpError> {
    let Some(id) = bench.id.clone() else { return Err(unnamed()) };
    let found = cx.blocking(move |cx| {
        create_private_dir(&cx.setup().home.benchmarks())?;
        let Some(lock) = FileLock::try_acquire(&follow::lock(cx, &id))? else { return Ok(None) };
        let missing = bench.missing(&cx.store()?.benchmark_results(&id)?);
        Ok(Some((Executed { cx: cx.clone(), id, bench }, missing, lock)))
    });
    if let Some((executed, missing, lock)) = found.await? {
        tokio::spawn(async move {
            Arc::new(executed).all(missing).await;
            drop(lock);
        });
    }
    Ok(())
}

struct Executed {
    cx: Context,
    id: BenchmarkId,
    bench: Bench,
}

/// A run under way, and the task it works on.
struct Begun {
    prepared: Prepared,
    folder: PathBuf,
    result: BenchmarkResult,
    run_id: RunId,
}

impl Executed {
    /// So many at once as the plan says; none more once a limit of the cost guard is reached.
    async fn all(self: Arc<Self>, missing: Vec<(Job, Option<BenchmarkResult>)>) {
        let (mut under_way, mut goes_on) = (JoinSet::new(), true);
        for (job, known) in missing {
            if under_way.len() >= self.bench.plan.parallel as usize {
                goes_on &= under_way.join_next().await.is_some_and(|ended| ended.unwrap_or(false));
            }
            if !goes_on {
                break;
            }
            let executed = self.clone();
            under_way.spawn(async move { executed.one(job, known).await });
        }
        while under_way.join_next().await.is_some() {}
        // Best effort: what is left in the cache does no harm.
        let _ = std::fs::remove_dir_all(self.folders());
    }

    /// Runs one and keeps its result. Says whether more may follow.
    async fn one(&self, job: Job, known: Option<BenchmarkResult>) -> bool {
        let (result, goes_on) = match self.judged(job, known).await {
            Ok(result) => (result, true),
            Err(error) => {
                let goes_on = !matches!(error.kind, ErrorKind::OverLimit | ErrorKind::State);
                let result = self.result(job, ResultState::Void);
                (BenchmarkResult { error: Some(error.message), ..result }, goes_on)
            }
        };
        let folder = self.folder(job);
        let kept = self.cx.blocking(move |cx| {
            let kept = cx.store()?.put_benchmark_result(&result);
            let _ = std::fs::remove_dir_all(folder);
            Ok(kept?)
        });
        // What could not be kept is missing for the next call, which runs it again.
        kept.await.is_ok() && goes_on
    }

    async fn judged(&self, job: Job, known: Option<BenchmarkResult>) -> Result<BenchmarkResult, OpError> {
        let begun = self.begun(job, known).await?;
        let record = loop {
            let record = wait::for_end(&self.cx, &begun.run_id, LOOK).await?;
            if !record.status.is_active() {
                break record;
            }
        };
        self.verdict(begun, &record).await
    }

    /// A run that a process left behind goes on; else a new one begins.
    async fn begun(&self, job: Job, known: Option<BenchmarkResult>) -> Result<Begun, OpError> {
        let prepared = self.bench.suite.tasks[job.task].prepare(job.repetition)?;
        let folder = self.folder(job);
        if let Some(result) = known.filter(|result| result.state == ResultState::Running && folder.is_dir())
            && let Some(run_id) = result.run_id.clone()
        {
            return Ok(Begun { prepared, folder, result, run_id });
        }
        let start = self.start(job, &prepared, &folder);
        let mut result = self.result(job, ResultState::Running);
        self.cx
            .blocking(move |cx| {
                let _ = std::fs::remove_dir_all(&folder);
                create_private_dir(&folder)?;
                prepared.lay_out(&folder)?;
                cc_repo::init(&folder)?;
                let plan = launch::plan(cx, start)?;
                // Before it begins: were this process to end in between, nobody would know of the run.
                result.run_id = Some(plan.run_id().clone());
                cx.store()?.put_benchmark_result(&result)?;
                let run_id = plan.launch(cx)?;
                Ok(Begun { prepared, folder, result, run_id })
            })
            .await
    }

    fn start(&self, job: Job, prepared: &Prepared, folder: &std::path::Path) -> Start {
        let (task, target) = (&self.bench.suite.tasks[job.task], &self.bench.plan.targets[job.target]);
        let setup = self.cx.setup();
        let asked = routing::Job {
            role: task.role.clone(),
            task_type: None,
            profile: Some(target.profile_id.clone()),
            write: task.write,
            ..routing::Job::default()
        };
        Start {
            timeout_seconds: Some(self.bench.plan.timeout_seconds.unwrap_or(task.timeout_seconds)),
            budget: Budget::for_answer(),
            // Another profile's answer would be no measure of this one.
            on_limit: Some(OnLimit::Fail),
            model: target.model.clone(),
            scratch: Some(Scratch { folder: folder.to_owned(), records: setup.home.benchmarks() }),
            ..Start::new(launch::mode(setup.worker, RunMode::Benchmark), asked, prepared.prompt.clone())
        }
    }

    /// Judges what a run left. One that says nothing of the model is void.
    async fn verdict(&self, begun: Begun, record: &RunRecord) -> Result<BenchmarkResult, OpError> {
        let Begun { prepared, folder, mut result, .. } = begun;
        measured(&mut result, record);
        if let Some(reason) = void(record) {
            (result.state, result.error) = (ResultState::Void, Some(reason));
            return Ok(result);
        }
        if record.status != RunStatus::Succeeded {
            return Ok(failed(result, format!("the run is {}", record.status.as_str())));
        }
        let answer = record.result.as_ref().map(|found| found.text.clone()).unwrap_or_default();
        let place = folder.clone();
        let left = self.cx.blocking(move |_| Ok(Left::read(&place, &answer))).await?;
        match left {
            Ok(left) => self.checked(prepared, folder, left, result).await,
            Err(error @ SuiteError::TooMuch { .. }) => Ok(failed(result, error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the checks. Their commands see the hidden files, which no worker did.
    async fn checked(
        &self,
        prepared: Prepared,
        folder: PathBuf,
        mut left: Left,
        mut result: BenchmarkResult,
    ) -> Result<BenchmarkResult, OpError> {
        let commands = prepared.commands();
        if !commands.is_empty() {
            prepared.reveal(&folder)?;
        }
        for command in commands {
            let limit = Duration::from_secs(command.timeout_seconds.into());
            left.commands.push(ran(cc_workers::check(&command.run, &folder, limit).await));
        }
        self.cx
            .blocking(move |cx| {
                let judged = prepared.judge(&left);
                let cleaner = accept::cleaner(cx, &cx.project(None)?.root)?;
                result.state =
                    if judged.score.is_some() { ResultState::Judged } else { ResultState::Unchecked };
                (result.score, result.checks) = (judged.score, judged.checks);
                for check in &mut result.checks {
                    check.evidence = cleaner.redact(&check.evidence).into_owned();
                }
                Ok(result)
            })
            .await
    }

    fn result(&self, job: Job, state: ResultState) -> BenchmarkResult {
        let (task, target) = (&self.bench.suite.tasks[job.task], &self.bench.plan.targets[job.target]);
        BenchmarkResult {
            benchmark_id: self.id.clone(),
            profile_id: target.profile_id.clone(),
            profile_name: target.profile_name.clone(),
            model: target.model.clone(),
            actual_model: None,
            role: task.role.clone(),
            task: task.id.to_string(),
            repetition: job.repetition,
            state,
            score: None,
            checks: Vec::new(),
            usage: Usage::default(),
            cost_usd: None,
            duration_ms: None,
            run_id: None,
            at: Timestamp::now().to_string(),
            error: None,
        }
    }

    fn folders(&self) -> PathBuf {
        self.cx.setup().home.cache().join("benchmarks").join(self.id.as_str())
    }

    /// Of one repetition; the same in every process, so that another can go on with it. It says nothing of the task:
    /// the worker reads its path.
    fn folder(&self, job: Job) -> PathBuf {
        self.folders().join(format!("{}-{}-{}", job.target + 1, job.task + 1, job.repetition))
    }
}

/// It came to no end in time, gave up, or left what nobody can judge.
fn failed(mut result: BenchmarkResult, reason: String) -> BenchmarkResult {
    (result.state, result.score, result.error) = (ResultState::Judged, Some(0.0), Some(reason));
    result
}

fn measured(result: &mut BenchmarkResult, record: &RunRecord) {
    result.at = Timestamp::now().to_string();
    result.duration_ms = record.duration_ms;
    if let Some(found) = &record.result {
        result.actual_model.clone_from(&found.actual.model);
        result.usage = found.usage;
        result.cost_usd = found.cost_usd.filter(|_| !found.cost_is_estimate);
    }
    result.cost_usd = record.output_budget.spent.and_then(|spent| spent.usd).or(result.cost_usd);
}

/// Why a run says nothing of its model; none when it does.
fn void(record: &RunRecord) -> Option<String> {
    void_of(record.status, record.result.as_ref(), record.error.as_deref())
}

fn void_of(status: RunStatus, result: Option<&RunResult>, error: Option<&str>) -> Option<String> {
    let told = error.map_or_else(String::new, |error| format!(": {error}"));
    match (status, result) {
        (RunStatus::Succeeded | RunStatus::TimedOut, _) => None,
        (RunStatus::Failed, Some(found)) if found.terminal_reason.as_deref() == Some("api_error") => {
            let status = found.api_error_status.map_or_else(String::new, |status| format!(" ({status})"));
            Some(format!("its provider failed{status}{told}"))
        }
        (RunStatus::Failed, Some(_)) => None,
        (status, _) => Some(format!("the run is {}{told}", status.as_str())),
    }
}

fn ran(checked: Result<cc_workers::Checked, cc_workers::WorkerError>) -> Ran {
    match checked {
        Ok(checked) if checked.timed_out => Ran { exit_code: None, output: "its time was up".into() },
        Ok(checked) => Ran { exit_code: Some(checked.exit_code), output: checked.stdout + &checked.stderr },
        Err(error) => Ran { exit_code: None, output: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: RunStatus, result: Option<RunResult>) -> Option<String> {
        void_of(status, result.as_ref(), None)
    }

    #[test]
    fn only_a_run_that_speaks_for_its_model_is_judged() {
        let api_error = RunResult {
            is_error: true,
            terminal_reason: Some("api_error".into()),
            api_error_status: Some(429),
            ..RunResult::default()
        };
        assert_eq!(told(RunStatus::Failed, Some(api_error)), Some("its provider failed (429)".into()));
        for status in [RunStatus::Stopped, RunStatus::Lost, RunStatus::Failed] {
            assert_eq!(told(status, None), Some(format!("the run is {}", status.as_str())));
        }
        assert_eq!(told(RunStatus::Failed, Some(RunResult::default())), None, "it gave up");
        assert_eq!(told(RunStatus::TimedOut, None), None, "it was too slow");
        assert_eq!(told(RunStatus::Succeeded, Some(RunResult::default())), None);
    }
}
