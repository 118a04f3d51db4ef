//! `cc_run_streaming_agent`.

use cc_domain::{Asking, Budget, BudgetPolicy, OnLimit, Role, RunMode, TaskType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, OpError, Operation, Output, WorkerKind, arguments,
    launch::{self, Start},
    routing::Job,
    scope,
};

/// The most that a record's files may hold, whatever is asked for.
const MOST_BYTES: u64 = 16 << 20;

/// Start a worker in the background and return its run_id at once: long or parallel work, many workers at the same
/// time. Then cc_run_status waits for it. ask: it asks you for permissions. Read-only unless allow_write.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunStreamingAgent {
    /// Up to 20000 characters.
    task: String,
    /// Default implementation.
    #[arg(long)]
    role: Option<Role>,
    #[arg(long)]
    task_type: Option<TaskType>,
    #[arg(long)]
    profile: Option<String>,
    #[arg(long)]
    #[serde(default)]
    allow_write: bool,
    /// 10-1800.
    #[arg(long)]
    timeout_seconds: Option<u32>,
    #[arg(long)]
    cwd: Option<String>,
    #[arg(long)]
    context: Option<String>,
    #[arg(long)]
    include_partial_messages: Option<bool>,
    #[arg(long)]
    max_output_bytes: Option<u64>,
    #[arg(long)]
    max_events_bytes: Option<u64>,
    #[arg(long)]
    soft_output_bytes: Option<u64>,
    /// Default stop, at 2000000 bytes.
    #[arg(long, value_parser = policy)]
    output_budget_policy: Option<BudgetPolicy>,
    #[arg(long)]
    #[serde(default)]
    kill_on_excessive_output: bool,
    #[arg(long)]
    #[serde(default)]
    final_only: bool,
    #[arg(long)]
    final_max_chars: Option<u32>,
    #[arg(long)]
    max_turns: Option<u32>,
    #[arg(long)]
    max_cost_usd: Option<f64>,
    /// Ask for permissions.
    #[arg(long)]
    #[serde(default)]
    ask: bool,
    /// Usage limit; default wait, or cc_local_policy runs.on_limit.
    #[arg(long, value_parser = on_limit)]
    on_limit: Option<OnLimit>,
    /// Where it may write, as in .gitignore; default: the project's write scope.
    #[arg(long = "allow")]
    #[serde(default)]
    allowed_paths: Vec<String>,
    /// Where it may not.
    #[arg(long = "deny")]
    #[serde(default)]
    denied_paths: Vec<String>,
    /// Linux: shell commands are kept to it, too.
    #[arg(long)]
    sandbox: Option<bool>,
    /// Work in a copy; cc_apply_run brings it back.
    #[arg(long)]
    #[serde(default)]
    isolate: bool,
}

fn policy(text: &str) -> Result<BudgetPolicy, String> {
    named(text, "stop or truncate")
}

fn on_limit(text: &str) -> Result<OnLimit, String> {
    named(text, "wait, failover or fail")
}

fn named<T: serde::de::DeserializeOwned>(text: &str, choices: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|_| format!("use {choices}"))
}

/// A run that has begun.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunStarted {
    pub(crate) run_id: String,
    pub(crate) status: cc_domain::RunStatus,
    #[schemars(skip)]
    pub(crate) profile: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[schemars(skip)]
    pub(crate) run_dir: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[schemars(skip)]
    pub(crate) next_step: String,
}

impl RunStarted {
    /// What is said of a run that was just started.
    pub(crate) fn of(cx: &Context, run_id: &cc_domain::RunId) -> Result<Self, OpError> {
        let store = cx.store()?;
        let record = store.run(run_id)?;
        Ok(Self {
            run_id: run_id.to_string(),
            status: record.status,
            profile: record.route.profile_name,
            model: record.route.model,
            run_dir: store.run_dir(run_id)?.path().display().to_string(),
            warnings: record.warnings,
            next_step: format!("cc_run_status with run_id {run_id} and wait_seconds"),
        })
    }
}

impl RunStreamingAgent {
    fn budget(&self, usual: &Budget) -> Result<Budget, OpError> {
        let stop = self.kill_on_excessive_output.then_some(BudgetPolicy::Stop);
        let chars = self.final_max_chars.unwrap_or(usual.final_max_chars);
        if self.max_cost_usd.is_some_and(|usd| !(usd.is_finite() && usd > 0.0)) {
            return Err(OpError::invalid("'max_cost_usd' is not above 0", "give an amount such as 0.5"));
        }
        Ok(Budget {
            max_output_bytes: positive("max_output_bytes", self.max_output_bytes, usual.max_output_bytes)?,
            max_events_bytes: positive("max_events_bytes", self.max_events_bytes, usual.max_events_bytes)?,
            soft_output_bytes: positive(
                "soft_output_bytes",
                self.soft_output_bytes,
                usual.soft_output_bytes,
            )?,
            policy: stop.or(self.output_budget_policy).unwrap_or(usual.policy),
            final_only: self.final_only || usual.final_only,
            final_max_chars: arguments::number_within("final_max_chars", chars, 1_000, 200_000)?,
            max_turns: self.max_turns.filter(|turns| *turns > 0),
            max_cost_usd: self.max_cost_usd,
        })
    }

    fn start(self, worker: WorkerKind, usual: &Budget) -> Result<Start, OpError> {
        launch::check(&self.task, self.context.as_deref(), self.timeout_seconds)?;
        let mode = launch::mode(worker, RunMode::Streaming);
        let budget = self.budget(usual)?;
        let job = Job {
            role: self.role.unwrap_or_default(),
            task_type: self.task_type,
            profile: self.profile,
            write: self.allow_write,
            ..Job::default()
        };
        Ok(Start {
            context: self.context,
            timeout_seconds: self.timeout_seconds,
            cwd: self.cwd,
            partial: self.include_partial_messages.unwrap_or(true) && !budget.final_only,
            asking: if self.ask { Asking::Ask } else { Asking::Deny },
            on_limit: self.on_limit,
            budget,
            budget_settled: true,
            scope: scope::asked(self.allowed_paths, self.denied_paths),
            sandbox: self.sandbox,
            isolate: self.isolate,
            ..Start::new(mode, job, self.task)
        })
    }
}

fn positive(name: &str, given: Option<u64>, usual: u64) -> Result<u64, OpError> {
    match given {
        Some(0) => Err(OpError::invalid(format!("'{name}' is 0"), "use at least 1, or leave it out")),
        Some(given) if given > MOST_BYTES => {
            Err(OpError::invalid(format!("'{name}' is {given}"), format!("use at most {MOST_BYTES}")))
        }
        given => Ok(given.unwrap_or(usual)),
    }
}

impl Operation for RunStreamingAgent {
    const NAME: &'static str = "cc_run_streaming_agent";
    const TITLE: &'static str = "Start a background worker, asynchronous";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = RunStarted;

    async fn run(self, cx: Context) -> Result<RunStarted, OpError> {
        cx.blocking(move |cx| {
            let start = self.start(cx.setup().worker, &launch::usual_budget(cx)?)?;
            let run_id = launch::start(cx, start)?;
            RunStarted::of(cx, &run_id)
        })
        .await
    }
}

impl Output for RunStarted {
    fn text(&self) -> String {
        let model = self.model.as_deref().unwrap_or("default model");
        let warnings: String = self.warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
        format!(
            "run {}: {} ({model}, {})\n{warnings}next: {}",
            self.run_id,
            self.status.as_str(),
            self.profile,
            self.next_step
        )
    }
}
