//! `cc_run_visible_agent`.

use cc_domain::{Role, RunMode, TaskType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::run_streaming_agent::RunStarted;
use crate::{
    Context, Effect, OpError, Operation, Output,
    launch::{self, Start},
    routing::Job,
    terminal::{self, Window},
};

/// Start a worker in a visible terminal window, so that a person can watch and steer it; recorded as any run. Without a
/// display the run goes on and the command to attach is given. Read-only unless allow_write.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunVisibleAgent {
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
}

/// A run that has begun, and its window.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown {
    #[serde(flatten)]
    run: RunStarted,
    window: Window,
}

impl Operation for RunVisibleAgent {
    const NAME: &'static str = "cc_run_visible_agent";
    const TITLE: &'static str = "Start a worker in a visible terminal window";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = Shown;

    async fn run(self, cx: Context) -> Result<Shown, OpError> {
        launch::check(&self.task, self.context.as_deref(), self.timeout_seconds)?;
        let mode = launch::mode(cx.setup().worker, RunMode::Visible);
        let job = Job {
            role: self.role.unwrap_or_default(),
            task_type: self.task_type,
            profile: self.profile,
            write: self.allow_write,
            ..Job::default()
        };
        let start = Start {
            context: self.context,
            timeout_seconds: self.timeout_seconds,
            cwd: self.cwd,
            partial: true,
            ..Start::new(mode, job, self.task)
        };
        cx.blocking(move |cx| {
            let id = launch::start(cx, start)?;
            let home = cx.setup().home.root().display().to_string();
            let window = terminal::open(&cx.setup().exe, &["--home", &home, "attach", id.as_str()]);
            Ok(Shown { run: RunStarted::of(cx, &id)?, window })
        })
        .await
    }
}

impl Output for Shown {
    fn text(&self) -> String {
        let window = match &self.window.why {
            Some(why) => format!("no window: {why}; run: {}", self.window.command),
            None => "its window is open".to_owned(),
        };
        format!("{}\n{window}", self.run.text())
    }
}
