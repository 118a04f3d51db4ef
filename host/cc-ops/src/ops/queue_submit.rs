//! `cc_queue_submit`.

use cc_domain::{Footprint, JobId, JobSpec, JobState, Role, TaskType, anchored};
use cc_repo::Project;
use cc_store::{Job, NewJob};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verify_run::MOST_TESTS;
use crate::{Context, Effect, OpError, Operation, Output, accept, arguments, launch, queue, scope};

const MOST_AFTER: usize = 100;
const MOST_PATHS: usize = 100;

/// Queue a job for later, or run a task after another job is done: it gets a worker when its turn comes, by
/// priority and age. after: jobs that must be done first. paths: what it touches; jobs whose paths overlap never
/// run together. cc_queue_tick starts waiting jobs.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueSubmit {
    /// Up to 20000 characters.
    task: String,
    /// Default implementation.
    #[arg(long)]
    role: Option<Role>,
    #[arg(long)]
    task_type: Option<TaskType>,
    #[arg(long)]
    profile: Option<String>,
    /// -1000 to 1000, greater first; default 100.
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i32>,
    #[arg(long)]
    cwd: Option<String>,
    #[arg(long)]
    context: Option<String>,
    /// 10-1800, default 900.
    #[arg(long)]
    timeout_seconds: Option<u32>,
    /// 0-5; default: the policy's (1 for jobs that only read, else 0).
    #[arg(long)]
    max_retries: Option<u32>,
    #[arg(long)]
    #[serde(default)]
    allow_write: bool,
    /// Job ids.
    #[arg(long = "after")]
    #[serde(default)]
    after: Vec<JobId>,
    /// As in .gitignore, from cwd.
    #[arg(long = "path")]
    #[serde(default)]
    paths: Vec<String>,
    /// Work in a copy; cc_apply_run brings it back.
    #[arg(long)]
    #[serde(default)]
    isolate: bool,
    /// Must pass, else the attempt failed.
    #[arg(long = "test-command")]
    #[serde(default)]
    test_commands: Vec<String>,
    /// Of each; 5-3600, default 300.
    #[arg(long)]
    test_timeout_seconds: Option<u32>,
    /// The same key is the same job.
    #[arg(long)]
    idempotency_key: Option<String>,
}

/// The job.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QueuedJob {
    job_id: String,
    status: JobState,
    /// False: the key's job was there already.
    created: bool,
    #[schemars(skip)]
    priority: i32,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    next_step: String,
}

impl Operation for QueueSubmit {
    const NAME: &'static str = "cc_queue_submit";
    const TITLE: &'static str = "Queue a job: run it later, after others, by priority";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = QueuedJob;

    async fn run(self, cx: Context) -> Result<QueuedJob, OpError> {
        self.check()?;
        cx.blocking(move |cx| self.submit(cx)).await
    }
}

impl QueueSubmit {
    fn check(&self) -> Result<(), OpError> {
        launch::check(&self.task, self.context.as_deref(), self.timeout_seconds)?;
        if let Some(priority) = self.priority.filter(|priority| !(-1_000..=1_000).contains(priority)) {
            return Err(OpError::invalid(format!("'priority' is {priority}"), "use -1000 to 1000"));
        }
        if let Some(retries) = self.max_retries {
            arguments::number_within("max_retries", retries, 0, 5)?;
        }
        if let Some(seconds) = self.test_timeout_seconds {
            arguments::number_within("test_timeout_seconds", seconds, 5, 3_600)?;
        }
        if let Some(key) = &self.idempotency_key {
            arguments::text_within("idempotency_key", key, 200)?;
        }
        for (name, count, most) in [
            ("after", self.after.len(), MOST_AFTER),
            ("paths", self.paths.len(), MOST_PATHS),
            ("test_commands", self.test_commands.len(), MOST_TESTS),
        ] {
            if count > most {
                return Err(OpError::invalid(
                    format!("'{name}' lists {count}"),
                    format!("list at most {most}"),
                ));
            }
        }
        self.paths.iter().try_for_each(|path| check_path(path))
    }

    fn submit(self, cx: &Context) -> Result<QueuedJob, OpError> {
        let project = cx.project(self.cwd.as_deref())?;
        let policy = queue::policy(cx, None)?;
        let paths: Vec<String> = self.paths.iter().map(|path| anchored(path)).collect();
        let at_root = scope::from_root(&project, &project.cwd, &paths);
        scope::check(&scope::asked(at_root.clone(), Vec::new()))?;
        let profile = self.profile.as_deref().map(|name| profile_id(cx, name)).transpose()?;
        let shown = accept::cleaner(cx, &project.root)?.redact(&self.task).into_owned();
        let Project { root, cwd, .. } = project;
        let new = NewJob {
            project: root,
            cwd,
            shown,
            footprint: self.footprint(at_root),
            priority: self.priority.unwrap_or(policy.default_priority),
            spec: JobSpec {
                role: self.role.unwrap_or_default(),
                task_type: self.task_type,
                profile,
                allow_write: self.allow_write,
                timeout_seconds: self
                    .timeout_seconds
                    .unwrap_or_else(|| policy.default_timeout_seconds.clamp(10, Role::MAX_TIMEOUT_SECONDS)),
                max_retries: self.max_retries,
                paths,
                isolate: self.isolate,
                test_commands: self.test_commands,
                test_timeout_seconds: self.test_timeout_seconds,
            },
            task: self.task,
            context: self.context,
            after: self.after,
            idempotency_key: self.idempotency_key,
        };
        let submitted = cx.store()?.submit_job(&new)?;
        Ok(QueuedJob::of(&submitted.job, submitted.created))
    }

    /// A job that may write and does not say where may write anywhere, unless it works in a copy.
    fn footprint(&self, at_root: Vec<String>) -> Footprint {
        match at_root {
            paths if !paths.is_empty() => Footprint::Paths(paths),
            _ if self.allow_write && !self.isolate => Footprint::Whole,
            _ => Footprint::Nothing,
        }
    }
}

fn check_path(path: &str) -> Result<(), OpError> {
    let hint = "name folders and files of the project as in .gitignore, such as src/api/";
    arguments::text_within("paths", path, 500)?;
    if path.split(['/', '\\']).any(|part| part == "..") {
        return Err(OpError::invalid(format!("'{path}' in 'paths' leads out of the folder"), hint));
    }
    Ok(())
}

fn profile_id(cx: &Context, name: &str) -> Result<String, OpError> {
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    Ok(profiles.find(name)?.id.clone())
}

impl QueuedJob {
    fn of(job: &Job, created: bool) -> Self {
        Self {
            job_id: job.job_id.to_string(),
            status: job.state,
            created,
            priority: job.priority,
            reason: job.reason.clone(),
            next_step: match job.state {
                JobState::Queued => "cc_queue_tick starts waiting jobs; cc_queue_status shows how they stand",
                _ => "cc_queue_status with job_id shows all of it",
            }
            .to_owned(),
        }
    }
}

impl Output for QueuedJob {
    fn text(&self) -> String {
        let known = if self.created { "" } else { " (there already)" };
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("job {}{known}: {}{reason}\nnext: {}", self.job_id, self.status.as_str(), self.next_step)
    }
}
