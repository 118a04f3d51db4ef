//! `cc_mock_stream_test`.

use std::{collections::BTreeMap, path::Path, time::Duration};

use cc_domain::{BudgetPolicy, BudgetState, RunId, RunMode, RunRecord, RunStatus};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::stop_run;
use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, arguments, demo,
    launch::{self, Start},
    routing::Job,
    snapshot::Snapshot,
    wait,
};

/// Bytes that the demo worker's stream is far beyond.
const LOW_BUDGET: u64 = 200;
/// What a run that is stopped may take to end.
const STOPPING: Duration = Duration::from_secs(5);

/// Self-test of this installation: the built-in demo worker through start, events, poll, budgets, usage and stop, each
/// gate checked. Seconds; no model, no CC Switch, no tokens.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct MockStreamTest {
    /// 5-120, default 20.
    #[arg(long)]
    timeout_seconds: Option<u32>,
}

/// Every gate, and what was seen where one is shut.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tested {
    passed: usize,
    failed: usize,
    gates: BTreeMap<&'static str, bool>,
    #[schemars(skip)]
    details: BTreeMap<&'static str, Value>,
}

impl Operation for MockStreamTest {
    const NAME: &'static str = "cc_mock_stream_test";
    const TITLE: &'static str = "Self-test: does streaming, stop and usage work on this machine";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Tested;

    async fn run(self, cx: Context) -> Result<Tested, OpError> {
        let seconds = self.timeout_seconds.unwrap_or(20);
        let seconds = arguments::number_within("timeout_seconds", seconds, 5, 120)?;
        let folder =
            tempfile::Builder::new().prefix("cc-orchestrator-test-").tempdir().map_err(|e| no_folder(&e))?;
        demo::demo_files(folder.path()).map_err(|error| no_folder(&error))?;
        let demo = Context::new(demo::demo_setup(folder.path(), cx.setup().exe.clone()));
        Bench { cx: demo, within: Duration::from_secs(seconds.into()) }.test(folder.path()).await
    }
}

fn no_folder(error: &std::io::Error) -> OpError {
    OpError::new(
        ErrorKind::State,
        format!("no folder for the test: {error}"),
        "free space in the temporary folder",
    )
}

/// The world of the test.
struct Bench {
    cx: Context,
    within: Duration,
}

/// The runs of the test, side by side.
struct Runs {
    whole: RunId,
    stopped: RunId,
    truncated: RunId,
    final_only: RunId,
    elsewhere: RunId,
}

impl Bench {
    async fn test(&self, folder: &Path) -> Result<Tested, OpError> {
        let other = folder.join("other");
        std::fs::create_dir_all(&other).map_err(|error| no_folder(&error))?;
        let place = other.clone();
        let (runs, prompted) = self.cx.blocking(move |cx| begin(cx, &place)).await?;
        let mut tested = Tested { passed: 0, failed: 0, gates: BTreeMap::new(), details: BTreeMap::new() };
        self.stop(&runs.stopped, &mut tested).await?;
        let whole = self.ended(&runs.whole).await?;
        let truncated = self.ended(&runs.truncated).await?;
        let final_only = self.ended(&runs.final_only).await?;
        let elsewhere = self.ended(&runs.elsewhere).await?;
        tested.gate("cwd_prompt_uses_cwd_artifact_root", prompted, || {
            json!("the worker is told another folder")
        });
        let (first, second) = (whole.clone(), elsewhere.clone());
        let mut tested = self
            .cx
            .blocking(move |cx| {
                tested.recorded(cx, &first)?;
                tested.budgets(cx, &truncated, &final_only)?;
                tested.elsewhere(cx, &second, &other)?;
                Ok(tested)
            })
            .await?;
        tested.nothing_left(&[whole, elsewhere]);
        Ok(tested.counted())
    }

    async fn ended(&self, run: &RunId) -> Result<RunRecord, OpError> {
        wait::for_end(&self.cx, run, self.within).await
    }

    async fn stop(&self, run: &RunId, tested: &mut Tested) -> Result<(), OpError> {
        let before = self.read(run).await?;
        tested.gate("status_saw_active_worker", before.status.is_active(), || json!(before.status));
        stop_run::end(&self.cx, run, false, STOPPING).await?;
        let after = self.read(run).await?;
        let left = cc_workers::survivors(run);
        tested.gate(
            "stop_run_stopped_worker",
            after.status == RunStatus::Stopped && left.is_empty(),
            || json!({ "status": after.status, "survivors": left }),
        );
        tested.gate("status_after_stop_inactive", !after.status.is_active(), || json!(after.status));
        Ok(())
    }

    async fn read(&self, run: &RunId) -> Result<RunRecord, OpError> {
        let run = run.clone();
        self.cx.blocking(move |cx| wait::read(&*cx.store()?, &run)).await
    }
}

/// Starts the runs; and whether the worker in another folder is told of that folder.
fn begin(cx: &Context, other: &Path) -> Result<(Runs, bool), OpError> {
    let mut low = start();
    low.budget.max_output_bytes = LOW_BUDGET;
    low.budget.policy = BudgetPolicy::Truncate;
    let mut final_only = start();
    final_only.budget.max_output_bytes = LOW_BUDGET;
    final_only.budget.final_only = true;
    let elsewhere = Start { cwd: Some(other.display().to_string()), ..start() };
    let plan = launch::plan(cx, elsewhere)?;
    let root = cc_store::RunDir::artifact_root(&cx.project(Some(&other.display().to_string()))?.root);
    let told = plan.system_prompt().contains(&root.display().to_string());
    let runs = Runs {
        whole: launch::start(cx, start())?,
        truncated: launch::start(cx, low)?,
        final_only: launch::start(cx, final_only)?,
        elsewhere: plan.launch(cx)?,
        // Last: it must still be at work when it is looked at, however long a start takes here.
        stopped: launch::start(cx, start())?,
    };
    Ok((runs, told))
}

fn start() -> Start {
    Start::new(RunMode::Demo, Job::default(), "Say what is in this folder.".to_owned())
}

impl Tested {
    fn gate(&mut self, name: &'static str, open: bool, seen: impl FnOnce() -> Value) {
        self.gates.insert(name, open);
        if !open {
            self.details.insert(name, seen());
        }
    }

    fn recorded(&mut self, cx: &Context, run: &RunRecord) -> Result<(), OpError> {
        let seen = Snapshot::of(cx, &run.run_id, 0)?;
        self.gate("finish_run_succeeded", run.status == RunStatus::Succeeded, || {
            json!([run.status, run.error])
        });
        let events = cc_store::read_events(&seen.dir, 0, 1_000, 1 << 20)?.events;
        let in_order = events.iter().map(|event| event.seq).eq(1..=events.len() as u64);
        self.gate("events_ndjson_written", in_order && !events.is_empty(), || json!(events.len()));
        let told = seen.progress.seq == events.len() as u64 && seen.message().is_some();
        self.gate("poll_returned_events", told, || json!(seen.progress.seq));
        self.usage(run);
        Ok(())
    }

    /// The demo worker's price is known, so that tokens and cost must fit.
    fn usage(&mut self, run: &RunRecord) {
        let usage = run.result.as_ref().map(|result| (result.usage, result.cost_usd));
        let models = run.result.as_ref().map(|result| result.actual.models.clone()).unwrap_or_default();
        let told = usage.is_some_and(|(usage, _)| {
            usage.input_tokens > 0
                && usage.output_tokens > 0
                && models.iter().any(|model| model.usage == usage)
        });
        self.gate(
            "actual_model_usage_tokens_preserved",
            told,
            || json!({ "usage": usage, "models": models }),
        );
        let fits = usage.is_some_and(|(usage, cost)| {
            let due = cc_workers::demo_cost(usage.input_tokens, usage.output_tokens);
            cost.is_some_and(|cost| (cost - due).abs() < 1e-9)
                && models.iter().any(|m| (m.cost_usd - due).abs() < 1e-9)
        });
        self.gate("actual_model_usage_cost_preserved", fits, || json!({ "usage": usage, "models": models }));
    }

    fn budgets(
        &mut self,
        cx: &Context,
        truncated: &RunRecord,
        final_only: &RunRecord,
    ) -> Result<(), OpError> {
        let answered = |run: &RunRecord| {
            run.status == RunStatus::Succeeded
                && run.result.as_ref().is_some_and(|result| !result.text.is_empty())
        };
        self.gate("output_budget_truncated_without_hang", answered(truncated), || json!(truncated.status));
        let state = truncated.output_budget.state;
        self.gate("output_budget_reason_recorded", state == BudgetState::Truncated, || json!(state));
        self.gate("final_only_completed_under_low_budget", answered(final_only), || {
            json!([final_only.status, final_only.stop_reason])
        });
        let stdout =
            std::fs::read_to_string(cx.store()?.run_dir(&final_only.run_id)?.stdout()).unwrap_or_default();
        let answer = final_only.result.as_ref().map(|result| result.text.as_str()).unwrap_or_default();
        self.gate("final_only_stdout_is_compact", stdout.trim() == answer.trim(), || json!(stdout.len()));
        Ok(())
    }

    fn elsewhere(&mut self, cx: &Context, run: &RunRecord, other: &Path) -> Result<(), OpError> {
        let dir = cx.store()?.run_dir(&run.run_id)?;
        let other = other.canonicalize().unwrap_or_else(|_| other.to_owned());
        let inside =
            |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned()).starts_with(&other);
        self.gate("cwd_run_uses_cwd_artifact_root", inside(dir.path()), || json!(dir.path()));
        self.gate("cwd_metadata_records_artifact_root", inside(&run.artifact_root), || {
            json!(run.artifact_root)
        });
        let found = dir.read_record().is_ok_and(|record| record.run_id == run.run_id);
        self.gate("cwd_safe_run_dir_finds_indexed_run", found, || json!(dir.path()));
        let usual = cc_store::RunDir::of(&cx.setup().workspace, &run.run_id);
        self.gate("cwd_global_run_dir_not_created", !usual.path().exists(), || json!(usual.path()));
        self.tampered(cx, run, &dir)
    }

    /// A record that is another run's is refused.
    fn tampered(&mut self, cx: &Context, run: &RunRecord, dir: &cc_store::RunDir) -> Result<(), OpError> {
        let mut other = run.clone();
        other.run_id = RunId::new(Timestamp::now());
        let text = serde_json::to_vec(&other).unwrap_or_default();
        cc_store::write_atomic(&dir.metadata(), &text)?;
        let read = cx.store()?.run(&run.run_id);
        self.gate("cwd_tampered_run_index_rejected", read.is_err(), || {
            json!("another run's record was taken")
        });
        Ok(())
    }

    fn nothing_left(&mut self, runs: &[RunRecord]) {
        let left: Vec<String> = runs.iter().flat_map(|run| cc_workers::survivors(&run.run_id)).collect();
        self.gate("no_process_left", left.is_empty(), || json!(left));
    }

    fn counted(mut self) -> Self {
        self.passed = self.gates.values().filter(|open| **open).count();
        self.failed = self.gates.len() - self.passed;
        self
    }
}

impl Output for Tested {
    fn text(&self) -> String {
        let line = |(name, open): (&&str, &bool)| {
            let seen = self.details.get(*name).map(|seen| format!(": {seen}")).unwrap_or_default();
            format!("- {} {name}{seen}\n", if *open { "ok  " } else { "FAIL" })
        };
        let gates: String = self.gates.iter().map(line).collect();
        format!("{gates}{} of {} gates hold", self.passed, self.gates.len())
    }

    fn succeeded(&self) -> bool {
        self.failed == 0
    }
}
