//! `cc_run_agent`.

use cc_domain::{Budget, OnLimit, Role, RunMode, RunStatus, TaskType};
use schemars::JsonSchema;
use serde::Deserialize;

use super::run_view::RunView;
use crate::{
    Context, Effect, OpError, Operation, Output, WorkerKind,
    launch::{self, Start},
    routing::Job,
    scope, wait, watch,
};

/// Start, spawn or launch a Claude Code worker (agent, subagent) and wait for its answer: hand, send, delegate or
/// assign it a job: implement a feature, fix a bug, write code or tests, refactor, review, research, analyze the
/// repository, second opinion. Read-only unless allow_write. After wait_seconds: run_id, it goes on.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunAgent {
    /// Up to 20000 characters.
    task: String,
    /// Default implementation.
    #[arg(long)]
    role: Option<Role>,
    /// Default: the role's.
    #[arg(long)]
    task_type: Option<TaskType>,
    /// Id or name; default: routed.
    #[arg(long)]
    profile: Option<String>,
    /// May edit files; default false.
    #[arg(long)]
    #[serde(default)]
    allow_write: bool,
    /// 10-1800; default: the role's.
    #[arg(long)]
    timeout_seconds: Option<u32>,
    /// Project folder.
    #[arg(long)]
    cwd: Option<String>,
    /// Up to 20000 characters.
    #[arg(long)]
    context: Option<String>,
    /// 0-280, default 240.
    #[arg(long)]
    wait_seconds: Option<u32>,
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

impl RunAgent {
    const USUAL_WAIT: u32 = 240;

    fn start(self, worker: WorkerKind) -> Result<Start, OpError> {
        launch::check(&self.task, self.context.as_deref(), self.timeout_seconds)?;
        let mode = launch::mode(worker, RunMode::Blocking);
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
            budget: Budget::for_answer(),
            // The caller waits for the answer: it should hear of a limit now.
            on_limit: Some(OnLimit::Fail),
            scope: scope::asked(self.allowed_paths, self.denied_paths),
            sandbox: self.sandbox,
            isolate: self.isolate,
            ..Start::new(mode, job, self.task)
        })
    }
}

impl Operation for RunAgent {
    const NAME: &'static str = "cc_run_agent";
    const TITLE: &'static str = "Start a Claude Code worker: delegate a task to another model";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = RunView;

    async fn run(self, cx: Context) -> Result<RunView, OpError> {
        let wait = watch::patience(self.wait_seconds, Self::USUAL_WAIT)?;
        let start = self.start(cx.setup().worker)?;
        let run_id = cx.blocking(move |cx| launch::start(cx, start)).await?;
        let record = wait::for_end(&cx, &run_id, wait).await?;
        cx.blocking(move |cx| {
            let run_dir = cx.store()?.run_dir(&record.run_id)?;
            let mut view = RunView::now(cx, &record.run_id, true)?;
            if record.status == RunStatus::Failed {
                view.details.stderr_tail = super::run_status::tail(&run_dir.stderr(), 2_000);
            }
            Ok(view)
        })
        .await
    }
}

impl Output for RunView {
    fn text(&self) -> String {
        Self::text(self)
    }

    fn succeeded(&self) -> bool {
        self.details.active || self.status == RunStatus::Succeeded
    }
}
